"""What a card or a photo page shows of a photo, ready for the template."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from gallery.models import CaptionJob, Image
from gallery.models.job import State
from gallery.selectors import best_caption


@dataclass(frozen=True)
class Card:
    """One photo with its state, its best caption and its addresses."""

    image: Image
    state: str
    best: Any
    error_message: str
    url: str
    thumbnail_url: str
    large_url: str
    srcset: str
    alt: str
    captions: list[Any] = field(default_factory=list)


def card_of(image: Image) -> Card:
    """Build the card; reads nothing but what is prefetched."""
    best = best_caption(image)
    job = image.latest_job
    return Card(
        image=image,
        state=_state(job, best),
        best=best,
        error_message=job.error_message if job and job.state == State.FAILED else "",
        url=reverse("gallery:photo", args=[image.pk]),
        thumbnail_url=_thumbnail(image),
        large_url=derivative_url(image, image.variants[-1]["name"]),
        srcset=srcset_of(image),
        alt=best.text if best else _("Photo without a caption yet"),
        captions=_distinct(sorted(image.captions.all(), key=_by_confidence)),
    )


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
