"""By which strategies a photo was captioned, and which ones can still be asked for."""

from dataclasses import dataclass
from typing import Any

from gallery.models import Image
from gallery.models.job import ACTIVE, Language, State, Strategy


@dataclass(frozen=True)
class Way:
    """One strategy: ``given``, ``coming``, ``empty`` (asked for in vain) or ``left`` to ask for."""

    strategy: str
    state: str
    language: str  # the one to ask in


def ways_of(image: Image) -> list[Way]:
    """Return every strategy; reads nothing but what is prefetched."""
    given = {caption.strategy for caption in image.captions.all()}
    jobs = {(job.strategy, job.state) for job in image.jobs.all()}
    language = _language_of(image)
    return [Way(name, _state(name, given, jobs), language) for name in Strategy.values]


def strategies_of(caption: Any, image: Image) -> list[str]:
    """Return the strategies that came to the sentence of a caption: equal ones are shown once."""
    said = (caption.text, caption.language)
    same = {item.strategy for item in image.captions.all() if (item.text, item.language) == said}
    return [name for name in Strategy.values if name in same]


def _state(name: str, given: set[str], jobs: set[tuple[str, str]]) -> str:
    if name in given:
        return "given"
    if any((name, state) in jobs for state in ACTIVE):
        return "coming"
    return "empty" if (name, State.DONE) in jobs else "left"


def _language_of(image: Image) -> str:
    job = image.latest_job
    captions = [item.language for item in image.captions.all()]
    fallback = job.language if job else Language.ENGLISH
    return str(captions[0] if captions else fallback)
