"""Captions in languages that the captioner does not write: English ones through a translator."""

from workers.pipeline.translate.fallback import Translating
from workers.pipeline.translate.marian import TranslationError, Translator

__all__ = ["Translating", "TranslationError", "Translator"]
