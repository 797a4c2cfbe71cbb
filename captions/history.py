"""Reads the history of captions: everything that was written, the newest first."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from capsite.common.graphql.paging import Asked, Ordering, Page, page
from captions.models import Caption
from gallery.access import Person, images_listed

NEWEST = Ordering((("-created_at", datetime), ("-id", UUID)))
PAGE_SIZE = 50


def captions_newest(
    person: Person,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    language: str = "",
    strategy: str = "",
) -> QuerySet[Caption]:
    """Return the captions of the photos that ``person`` sees listed, with photo and model."""
    images = images_listed(person).order_by().values("pk")
    rows = Caption.objects.filter(image__in=images).select_related("image", "model")
    if since:
        rows = rows.filter(created_at__gte=since)
    if until:
        rows = rows.filter(created_at__lt=until)
    if language:
        rows = rows.filter(language=language)
    return rows.filter(strategy=strategy) if strategy else rows


def history_page(rows: QuerySet[Caption], cursor: str) -> Page:
    """Return one page of ``rows``, in one query."""
    return page(rows, NEWEST, Asked(PAGE_SIZE, cursor, backwards=False))
