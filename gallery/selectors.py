"""What the pages read, in a fixed number of queries whatever the number of photos."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from gallery.access import Person, images_listed
from gallery.models import Album, AlbumItem, Batch, BatchItem, CaptionJob, Image
from gallery.models.image import Visibility
from gallery.models.job import State

PAGE_SIZE = 30


@dataclass(frozen=True)
class Page:
    """Some photos, newest first, and where to go on (``None`` at the end)."""

    images: list[Image]
    next_cursor: str | None


def with_captions(images: QuerySet[Image]) -> QuerySet[Image]:
    """Add each photo's jobs and captions: three queries together, whatever their number."""
    jobs = Prefetch("jobs", queryset=CaptionJob.objects.order_by("-created_at"))
    return images.prefetch_related(jobs, "captions__model")


def with_words(images: QuerySet[Image]) -> QuerySet[Image]:
    """Add what cards show of each photo: jobs, captions and published texts, in four queries."""
    return with_captions(images).prefetch_related("annotations")


def gallery_page(person: Person, *, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """Return one page of the gallery; ``cursor`` comes from the page before."""
    images = with_words(images_listed(person)).order_by("-created_at", "-id")
    if cursor:
        created_at, image_id = cursor_decode(cursor)
        before = Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=image_id)
        images = images.filter(before, created_at__lte=created_at)
    found = list(images[: size + 1])
    more = len(found) > size
    return Page(found[:size], cursor_encode(found[size - 1]) if more else None)


def images_by_id(person: Person, ids: Iterable[UUID]) -> list[Image]:
    """Return those of ``ids`` the gallery lists for ``person``, newest first."""
    images = with_words(images_listed(person)).filter(pk__in=list(ids))
    return list(images.order_by("-created_at", "-id"))


def neighbours(person: Person, image: Image) -> tuple[Image | None, Image | None]:
    """Return the photo before (newer) and after (older) this one in the gallery."""
    listed = images_listed(person)
    at, key = image.created_at, image.pk
    # The bound beside each condition lets PostgreSQL begin there in the index.
    newer = listed.filter(Q(created_at__gt=at) | Q(id__gt=key), created_at__gte=at)
    older = listed.filter(Q(created_at__lt=at) | Q(id__lt=key), created_at__lte=at)
    return (
        newer.order_by("created_at", "id").first(),
        older.order_by("-created_at", "-id").first(),
    )


def cursor_encode(image: Image) -> str:
    """Return an opaque cursor that stands after ``image``."""
    raw = f"{image.created_at.isoformat()}|{image.pk}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def cursor_decode(cursor: str) -> tuple[datetime, UUID]:
    """Return time and id from a cursor; CapsiteError when it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, _bar, image_id = raw.partition("|")
        moment = datetime.fromisoformat(created_at)
        if moment.tzinfo is None:
            raise ValueError("a cursor's time names its zone")
        return moment, UUID(image_id)
    except (ValueError, binascii.Error) as error:
        message = _("This is not a page of the gallery. Start from the first page.")
        raise CapsiteError("bad_cursor", message, field="cursor") from error


def best_caption(image: Image) -> Any:
    """Return the most confident caption, from those prefetched, or None."""
    return max(image.captions.all(), key=lambda caption: caption.confidence or 0.0, default=None)


def batch_items(batch: Batch) -> QuerySet[BatchItem]:
    """Return the photos of a batch in the order in which they were sent."""
    return batch.items.select_related("image", "job")


def batch_status(batch: Batch) -> dict[str, Any]:
    """Return ``{"state", "total", "done", "failed", "waiting"}`` of a batch, in one query.

    ``state`` is ``running`` while a photo waits, then ``done``, ``partial`` or ``failed``.
    """
    ended = Q(job__state=State.DONE)
    waits = Q(job__state__in=[State.QUEUED, State.CAPTIONING])
    counts = batch.items.aggregate(
        total=Count("pk"), done=Count("pk", filter=ended), waiting=Count("pk", filter=waits)
    )
    failed = counts["total"] - counts["done"] - counts["waiting"]
    if counts["waiting"]:
        state = "running"
    elif not failed:
        state = "done"
    else:
        state = "partial" if counts["done"] else "failed"
    return {"state": state, "failed": failed} | counts


def album_images(person: Person, album: Album) -> QuerySet[Image]:
    """Return those photos of an album that ``person`` may see, in its order: by ``place``.

    Whoever sees the album sees its unlisted photos too; private ones are their owner's.
    """
    shown = ~Q(visibility=Visibility.PRIVATE)
    if person.is_authenticated:
        shown |= Q(owner_id=person.pk)
    rows = Image.objects.filter(shown, album_items__album=album)
    return rows.annotate(place=F("album_items__position")).order_by("place")


def albums_counted(person: Person, albums: QuerySet[Album]) -> QuerySet[Album]:
    """Add each album's owner, and as ``image_count`` how many of its photos ``person`` may see."""
    shown = ~Q(image__visibility=Visibility.PRIVATE)
    if person.is_authenticated:
        shown |= Q(image__owner_id=person.pk)
    # A subquery: the photos of albums that are on no page are not counted.
    items = AlbumItem.objects.filter(shown, album=OuterRef("pk")).order_by()
    number = Subquery(items.values("album").annotate(number=Count("pk")).values("number"))
    return albums.select_related("owner").annotate(image_count=Coalesce(number, 0))
