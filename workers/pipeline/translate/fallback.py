"""A captioner whose requests always come to captions: in the language asked for, or in English."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CandidateCaption, CaptionOutcome, CaptionRequest, Language
from workers.pipeline.errors import InferenceError, PipelineError
from workers.pipeline.tokens import normalise_caption, present_caption
from workers.pipeline.translate.marian import TranslationError, Translator

logger = logging.getLogger(__name__)

ENGLISH: Language = "en"
TIME_LIMIT_SECONDS = 5.0
# Sentences translated together: photos that are done in time keep their translation.
CHUNK = 16


class Translating:
    """Stands in for a `Captioner`, everything but `caption` being the captioner's own.

    - A language that the captioner writes goes straight through. Where that decoding fails, the
      photo is captioned in English.
    - A language of `languages` that it does not write is captioned in English and translated.
      Where that fails, or `time_limit` seconds of a batch are over, the English stays.

    Every caption says in `language` what it is written in. A translated caption keeps the
    confidence and the log-probability of the English one: they say how well the words fit the
    photo, and know nothing of the translation.
    """

    def __init__(
        self,
        captioner: Captioner,
        translator: Translator | None,
        languages: Sequence[str] = ("tr",),
        time_limit: float = TIME_LIMIT_SECONDS,
    ) -> None:
        self.captioner = captioner
        self.translator = translator
        self.translated = tuple(languages) if translator else ()
        self.time_limit = time_limit

    def __getattr__(self, name: str) -> Any:
        """Name, revision, config, languages and the rest are the captioner's."""
        if name == "captioner":  # asked for by copy and pickle, before __init__ has run
            raise AttributeError(name)
        return getattr(self.captioner, name)

    def caption(self, requests: Sequence[CaptionRequest]) -> list[CaptionOutcome]:
        """One outcome per request, in order, as `Captioner.caption` gives them."""
        outcomes = self._written(requests)
        wanted = [
            index
            for index, (request, outcome) in enumerate(zip(requests, outcomes, strict=True))
            if self._needs_translation(request) and outcome.error is None
        ]
        if wanted:
            self._translate(requests, outcomes, wanted)
        return outcomes

    def _needs_translation(self, request: CaptionRequest) -> bool:
        return request.language in self.translated and request.language not in self.languages

    def _written(self, requests: Sequence[CaptionRequest]) -> list[CaptionOutcome]:
        """What the captioner writes by itself; a language that fails is asked for in English."""
        try:
            outcomes = self.captioner.caption(requests)
        except PipelineError:
            raise
        except Exception as error:
            if not any(self._native(request) for request in requests):
                raise
            logger.warning("The captioner failed on a batch of several languages", exc_info=True)
            failure = InferenceError(f"The captioner failed: {type(error).__name__}.")
            outcomes = [CaptionOutcome(error=failure) for _request in requests]
            self._redo(requests, outcomes, [not self._native(request) for request in requests])
        failed = [
            self._native(request) and isinstance(outcome.error, InferenceError)
            for request, outcome in zip(requests, outcomes, strict=True)
        ]
        try:
            self._redo(requests, outcomes, failed)
        except PipelineError:
            raise
        except Exception:  # each of them keeps its own failure
            logger.warning("%d photos could not be captioned in English either", sum(failed))
        return outcomes

    def _native(self, request: CaptionRequest) -> bool:
        """Whether the captioner itself decodes this request in another language than English."""
        return request.language != ENGLISH and request.language in self.languages

    def _redo(
        self, requests: Sequence[CaptionRequest], outcomes: list[CaptionOutcome], which: list[bool]
    ) -> None:
        """Caption some requests of a batch in English and put the outcomes in their places."""
        again = [index for index, chosen in enumerate(which) if chosen]
        if not again:
            return
        english = [replace(requests[index], language=ENGLISH) for index in again]
        for index, outcome in zip(again, self.captioner.caption(english), strict=True):
            outcomes[index] = outcome

    def _translate(
        self, requests: Sequence[CaptionRequest], outcomes: list[CaptionOutcome], wanted: list[int]
    ) -> None:
        began = time.monotonic()
        for members in _chunks(wanted, outcomes):
            left = self.time_limit - (time.monotonic() - began)
            try:
                sentences = iter(self._sentences(outcomes, members, left))
            except PipelineError as error:
                logger.warning("%d photos keep their English captions. %s", len(members), error)
                continue
            for index in members:
                language = requests[index].language
                said = [next(sentences) for _caption in outcomes[index].captions]
                outcomes[index] = _in_language(outcomes[index], said, language)
        seconds = time.monotonic() - began
        for index in wanted:
            timings = outcomes[index].timings | {"translate": seconds}
            outcomes[index] = replace(outcomes[index], timings=timings)

    def _sentences(
        self, outcomes: list[CaptionOutcome], members: list[int], left: float
    ) -> list[str]:
        if self.translator is None or left <= 0:
            raise TranslationError("No time is left for translating.")
        texts = [caption.text for index in members for caption in outcomes[index].captions]
        return self.translator.translate(texts, left)


def _chunks(wanted: list[int], outcomes: list[CaptionOutcome]) -> Iterator[list[int]]:
    """Whole photos, together at most CHUNK sentences, or one photo that has more."""
    members: list[int] = []
    sentences = 0
    for index in wanted:
        more = len(outcomes[index].captions)
        if members and sentences + more > CHUNK:
            yield members
            members, sentences = [], 0
        members.append(index)
        sentences += more
    yield members


def _in_language(outcome: CaptionOutcome, said: list[str], language: str) -> CaptionOutcome:
    """The outcome with its captions translated; in English still, when one came to no words.

    Two English captions may come to the same words; the better one stays.
    """
    captions: dict[str, CandidateCaption] = {}
    for caption, sentence in zip(outcome.captions, said, strict=True):
        text = present_caption(normalise_caption(sentence, language), language)
        if not any(map(str.isalnum, text)) or "\x00" in text:
            return outcome
        rank = len(captions)
        captions.setdefault(text, replace(caption, text=text, rank=rank, language=language))
    return replace(outcome, captions=tuple(captions.values()))
