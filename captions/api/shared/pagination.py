"""Cursor pages: the place after a row is signed, so that no cursor can be made up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.common.errors import CapsiteError
from captions.api.shared.bodies import query_of

LIMIT = 30
MOST = 100
FARTHEST = 10_000  # an offset counts through every row before it


class PageQuery(serializers.Serializer):
    """Which page of a list."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="From `next` or `previous` of another page."
    )
    limit = serializers.IntegerField(
        default=LIMIT, min_value=1, max_value=MOST, help_text="How many at most."
    )


@dataclass(frozen=True)
class Page:
    """Some rows, and the addresses of the pages before and after."""

    rows: list[Any]
    next: str | None = None
    previous: str | None = None

    def answer(self, show: Callable[[list[Any]], Any]) -> Response:
        """Return the page as programs read it."""
        return Response({"results": show(self.rows), "next": self.next, "previous": self.previous})


@cache
def page_serializer(kind: type[serializers.Serializer]) -> serializers.Serializer:
    """Return what a page of ``kind`` looks like, for the OpenAPI document."""
    name = f"{kind.__name__.removesuffix('Serializer')}Page"
    link: dict[str, Any] = {
        "allow_null": True,
        "help_text": "The address of that page; null where it ends.",
    }
    return inline_serializer(
        name,
        {
            "results": kind(many=True),
            "next": serializers.URLField(**link),
            "previous": serializers.URLField(**link),
        },
    )


def keyset_page(request: Request, rows: QuerySet, order: Sequence[str]) -> Page:
    """Return the page of ``rows`` that the request asks for, sorted by ``order``.

    ``order`` names columns or annotations that are never null, as in order_by; the last of them
    must be unique. The rows before a page are not counted through, and a row that is added or
    removed meanwhile shifts nothing.
    """
    query = query_of(request, PageQuery)
    salt = f"{rows.model._meta.label}:{','.join(order)}"
    back, place = _place(query.get("cursor", ""), salt)
    directed = [_flipped(name) for name in order] if back else list(order)
    if place:
        rows = rows.filter(_after(directed, place))
    limit = query["limit"]
    found = list(rows.order_by(*directed)[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if back:
        found.reverse()

    def link(row: Any, back: bool) -> str:
        values = [_plain(getattr(row, name.lstrip("-"))) for name in order]
        return _link(request, signing.dumps([int(back), *values], salt=salt))

    if not found:
        return Page([])
    onward, before = (bool(place), more) if back else (more, bool(place))
    return Page(
        found,
        next=link(found[-1], False) if onward else None,
        previous=link(found[0], True) if before else None,
    )


def offset_page(request: Request, rows: QuerySet) -> Page:
    """Return a page of rows in the order they have, such as a ranking, by counting."""
    query = query_of(request, PageQuery)
    salt = f"{rows.model._meta.label}:offset"
    _back, place = _place(query.get("cursor", ""), salt)
    offset, limit = int(place[0]) if place else 0, query["limit"]
    found = list(rows[offset : offset + limit + 1])

    def link(to: int) -> str:
        return _link(request, signing.dumps([0, to], salt=salt))

    onward = len(found) > limit and offset + limit < FARTHEST
    return Page(
        found[:limit],
        next=link(offset + limit) if onward else None,
        previous=link(max(0, offset - limit)) if offset else None,
    )


def _place(cursor: str, salt: str) -> tuple[bool, list[Any]]:
    """Return whether to go back, and the values of the row to start beside; none at the start."""
    if not cursor:
        return False, []
    try:
        back, *values = signing.loads(cursor, salt=salt)
    except signing.BadSignature:
        message = _("This cursor is not one of this list. Start without one.")
        raise CapsiteError("bad_cursor", message, field="cursor") from None
    return bool(back), values


def _after(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Return the condition that a row comes after ``place``."""
    after, same = Q(), Q()
    for name, value in zip(order, place, strict=True):
        column = name.lstrip("-")
        beyond = "lt" if name.startswith("-") else "gt"
        after |= same & Q(**{f"{column}__{beyond}": value})
        same &= Q(**{column: value})
    # Said apart, the first column's bound lets PostgreSQL begin there in an index.
    first = order[0].lstrip("-")
    bound = "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{bound}": place[0]}) & after


def _flipped(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _link(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
