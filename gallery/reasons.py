"""Why a photo was not captioned, in the language of whoever reads it."""

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

WORKERS_LANGUAGE = "en"
REASONS = {
    "device_lost": _("The device failed while captioning."),
    "inference_failed": _("The captioner failed on this photo."),
    "model_unusable": _("No captioner can be loaded at present."),
    "no_active_model": _("No captioner for this language is in use."),
    "out_of_memory": _("The device ran out of memory while captioning."),
    "photo_missing": _("The file of this photo is missing."),
    "photo_unreadable": _("This photo cannot be read."),
    "request_invalid": _("The captioner does not offer what was asked for."),
    "storage_away": _("The file of this photo cannot be read now."),
    "store_failed": _("The captions of this photo could not be stored."),
    "translation_failed": _("The captions could not be translated."),
    "worker_lost": _("The worker stopped several times while it captioned this photo."),
}


def reason_words(code: str, message: str) -> str:
    """Return a worker's sentence, or in other languages than its own that of the code."""
    return str(reasons().get(code, message))


def reasons() -> dict[str, str]:
    """Return the sentence of every code; none in English, which workers write themselves."""
    if (get_language() or WORKERS_LANGUAGE).startswith(WORKERS_LANGUAGE):
        return {}
    return {code: str(sentence) for code, sentence in REASONS.items()}
