"""Finds photos by words of their captions, published texts and titles, despite typing errors."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
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
from django.db.models.functions import Cast

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
    keys = _array(map(str, found), UUIDField())
    place: Func[Any] = Func(keys, F("pk"), function="array_position", output_field=IntegerField())
    # Doubles: as such alone a cursor brings them back exactly.
    ranks = _array((repr(hit.rank) for hit in found.values()), FloatField())
    texts = Value([hit.text for hit in found.values()], ArrayField(TextField()))
    images = listed.filter(_Among(F("pk"), keys)).annotate(
        rank=_Element(ranks, place, output_field=FloatField()),
        matched_text=_Element(texts, place, output_field=TextField()),
    )
    best_first = images.order_by("-rank", "-created_at", "-id")
    return best_first if found else best_first.none()


def _array(values: Iterable[str], field: Field) -> Cast:
    """Return an array written as PostgreSQL does: one parameter, and no adapter for each value."""
    return Cast(Value("{" + ",".join(values) + "}", TextField()), ArrayField(field))


class _Among(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _Element(Func):
    """The value that goes with a photo's place, out of the list of all."""

    template = "(%(expressions)s]"
    arg_joiner = ")["
