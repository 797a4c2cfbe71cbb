"""What a card or a photo page shows of a photo, ready for the template."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gallery.models import CaptionJob, Image
from gallery.models.job import Language, State
from gallery.reasons import reason_words
from gallery.selectors import best_caption


@dataclass(frozen=True)
class Card:
    """One photo with its state, its words, its captions and its addresses.

    `words` are what people published, or else the most confident caption, which is `best`.
    """

    image: Image
    state: str
    best: Any
    error_message: str
    url: str
    thumbnail_url: str
    large_url: str
    srcset: str
    alt: str
    words: str
    language: str  # of the words
    published: bool
    captions: list[Any] = field(default_factory=list)
    fallbacks: frozenset[Any] = frozenset()  # ids of captions given in English for another language


def card_of(image: Image) -> Card:
    """Build the card; reads nothing but what is prefetched."""
    best = best_caption(image)
    words, published = _words(image, (get_language() or "")[:2])
    captions = _distinct(sorted(image.captions.all(), key=_by_confidence))
    job = image.latest_job
    failed = job is not None and job.state == State.FAILED
    return Card(
        image=image,
        state=_state(job, best),
        best=best,
        error_message=reason_words(job.error_code, job.error_message) if job and failed else "",
        url=reverse("gallery:photo", args=[image.pk]),
        thumbnail_url=_thumbnail(image),
        large_url=derivative_url(image, image.variants[-1]["name"]),
        srcset=srcset_of(image),
        alt=words.text if words else _("Photo without a caption yet"),
        words=words.text if words else "",
        language=words.language if words else "",
        published=published,
        captions=captions,
        fallbacks=_fallbacks(image, captions),
    )


def _words(image: Image, language: str) -> tuple[Any, bool]:
    """Return the text or caption to show, if any, and whether people published it.

    A caption in the reader's language comes before what people wrote in another one.
    """
    # A photo's own page shows its texts by itself and has not fetched them for the card.
    prefetched = getattr(image, "_prefetched_objects_cache", {})
    texts: list[Any] = list(image.annotations.all()) if "annotations" in prefetched else []
    captions: list[Any] = sorted(image.captions.all(), key=_by_confidence)
    spoken = [found for found in (*texts, *captions) if found.language == language]
    words = next(iter([*spoken, *texts, *captions]), None)
    return words, words in texts


def languages_left(image: Image) -> list[str]:
    """Return the languages in which captions were not given and are not on their way.

    A failed job counts while it is the latest: the page offers to try that one again.
    """
    latest = image.latest_job
    given = {caption.language for caption in image.captions.all()}
    ended = (State.FAILED, State.DONE)
    asked = {
        job.language
        for job in image.jobs.all()
        if job.state not in ended or (job == latest and job.state == State.FAILED)
    }
    return [language for language in Language.values if language not in asked | given]


def _state(job: CaptionJob | None, best: Any) -> str:
    """Return the latest job's state; a photo that has captions already counts as done."""
    if job is None:
        return State.DONE if best else State.QUEUED
    return job.state if job.state != State.FAILED or not best else State.DONE


def _distinct(captions: list[Any]) -> list[Any]:
    """Keep the first of equal sentences: two jobs may have written the same one."""
    firsts: dict[tuple[str, str], Any] = {}
    for item in captions:
        firsts.setdefault((item.text, item.language), item)
    return list(firsts.values())


def _fallbacks(image: Image, captions: list[Any]) -> frozenset[Any]:
    """Return the captions that stand in for a language asked for and not given at all."""
    asked: dict[Any, str] = {job.pk: job.language for job in image.jobs.all()}
    given = {item.language for item in captions}
    instead = {
        (item.text, item.language)
        for item in image.captions.all()
        if asked.get(item.job_id, item.language) not in given
    }
    return frozenset(item.pk for item in captions if (item.text, item.language) in instead)


def _by_confidence(caption: Any) -> tuple[float, int]:
    return (-(caption.confidence or 0.0), caption.rank)


def _thumbnail(image: Image) -> str:
    names = [variant["name"] for variant in image.variants]
    return derivative_url(image, "w640" if "w640" in names else names[-1])


def srcset_of(image: Image) -> str:
    """Return the ``srcset`` attribute over every derivative."""
    return ", ".join(
        f"{derivative_url(image, variant['name'])} {variant['width']}w"
        for variant in image.variants
    )


def derivative_url(image: Image, variant: str) -> str:
    """Return the address of a derivative."""
    return reverse("gallery:derivative", args=[image.pk, variant])
