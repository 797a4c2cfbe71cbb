"""Finds photos by words of their captions, published texts and titles, despite typing errors."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import (
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.functions import Coalesce

from annotations.hits import (
    TEXT_LENGTH,
    Filters,
    Wanted,
    anyhow,
    captions_within,
    hits,
    texts_within,
    wanted_of,
)
from gallery.access import Person, images_listed
from gallery.models import Image

__all__ = ["TEXT_LENGTH", "Filters", "search"]


def search(person: Person, *, text: str, filters: Filters | None = None) -> QuerySet[Image]:
    """Return the photos that ``person`` sees listed and that speak of ``text``, best first.

    Words are found as they are written or begun; where that gives little, by the trigrams they
    share, so that "snowbording" finds "snowboarding". Each photo carries ``rank`` (0 to 1) and
    ``matched_text``. There are at most ``MOST_HITS`` of them, found at once by one to three
    queries; reading the result is one more.
    """
    filters = filters or Filters()
    wanted = wanted_of(text)
    listed = images_listed(person)
    found = hits(listed, wanted, filters)
    images = listed.filter(pk__in=list(found)).annotate(
        rank=_looked_up(list(found), list(found.values())),
        matched_text=Coalesce(
            Subquery(_best(texts_within(filters), wanted)),
            Subquery(_best(captions_within(filters), wanted)),
            F("title"),
            output_field=TextField(),
        ),
    )
    return images.order_by("-rank", "-created_at", "-id")


def _looked_up(ids: Sequence[UUID], ranks: Sequence[float]) -> Func:
    """Return each photo's rank out of two lists that go together."""
    place = Func(
        Value(ids, ArrayField(UUIDField())),
        F("pk"),
        function="array_position",
        output_field=IntegerField(),
    )
    numbers = Value(ranks, ArrayField(FloatField()))
    return _Element(numbers, place, output_field=FloatField())


class _Element(Func):
    template = "(%(expressions)s]"
    arg_joiner = ")["


def _best(rows: QuerySet, wanted: Wanted) -> QuerySet[Any]:
    """Return the text of a photo that says it most nearly."""
    of_photo = rows.filter(anyhow("text", wanted), image=OuterRef("pk"))
    likeness = TrigramWordSimilarity(wanted.text, "text")
    return of_photo.order_by(likeness.desc(), "created_at").values("text")[:1]
