"""Finds photos by words of their captions, published texts and titles, despite typing errors."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    F,
    Field,
    FloatField,
    Func,
    IntegerField,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)

from annotations.hits import TEXT_LENGTH, Filters, hits, wanted_of
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
    listed = images_listed(person)
    found = hits(listed, wanted_of(text), filters)
    place: Func[Any] = Func(
        Value(list(found), ArrayField(UUIDField())),
        F("pk"),
        function="array_position",
        output_field=IntegerField(),
    )
    ranks = [hit.rank for hit in found.values()]
    texts = [hit.text for hit in found.values()]
    images = listed.filter(pk__in=list(found)).annotate(
        rank=_element(ranks, place, FloatField()),
        matched_text=_element(texts, place, TextField()),
    )
    return images.order_by("-rank", "-created_at", "-id")


def _element(values: Sequence[Any], place: "Func[Any]", field: Field) -> Func:
    """Return the value that goes with each photo, out of the list of all."""
    return _Element(Value(values, ArrayField(field)), place, output_field=field)


class _Element(Func):
    template = "(%(expressions)s]"
    arg_joiner = ")["
