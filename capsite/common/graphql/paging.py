"""Cursor pages over a queryset, for one list or for the lists of many parents in one query."""

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError

DEFAULT = 30
MOST = 100
WHOLE = 2**31


@dataclass(frozen=True)
class Ordering:
    """Columns, ``-`` before those that fall, with their types; together they tell rows apart."""

    columns: tuple[tuple[str, type], ...]

    @property
    def names(self) -> list[str]:
        """Return what ``order_by`` takes."""
        return [name for name, _kind in self.columns]

    def turned(self) -> "Ordering":
        """Return the opposite order."""
        return Ordering(
            tuple(
                (name[1:] if name.startswith("-") else f"-{name}", kind)
                for name, kind in self.columns
            )
        )


NEWEST = Ordering((("-created_at", datetime), ("-id", UUID)))


@dataclass(frozen=True)
class Asked:
    """Which part of a list is wanted."""

    size: int
    cursor: str
    backwards: bool


@dataclass(frozen=True)
class Page:
    """A part of a list, in its order, with a cursor for each row."""

    rows: list[Any]
    cursors: list[str]
    has_next: bool
    has_previous: bool


def asked_of(
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Asked:
    """Check Relay's four arguments; ``first`` with ``after``, or ``last`` with ``before``."""
    backwards = last is not None
    if (backwards and (first is not None or after)) or (before and not backwards):
        message = _("Give first (with after) or last (with before), not both.")
        raise CapsiteError("paging_mixed", message, field="first")
    size = DEFAULT if first is None else first
    if last is not None:
        size = last
    if not 1 <= size <= MOST:
        message = _("A page has 1 to %(most)d entries, not %(given)d.")
        named = {"most": MOST, "given": size}
        field = "last" if backwards else "first"
        raise CapsiteError("page_size", message % named, field=field)
    return Asked(size, (before if backwards else after) or "", backwards)


def page(rows: QuerySet, ordering: Ordering, asked: Asked) -> Page:
    """Return one page of ``rows``, in one query."""
    order = ordering.turned() if asked.backwards else ordering
    found = list(_beyond(rows, order, asked.cursor).order_by(*order.names)[: asked.size + 1])
    return _page(found, ordering, asked)


def pages(
    rows: QuerySet, ordering: Ordering, asked: Asked, *, by: str, keys: Sequence[Any]
) -> dict[Any, Page]:
    """Return the same page of each parent's rows, in one query; ``by`` holds the parent's key."""
    order = ordering.turned() if asked.backwards else ordering
    place = Window(RowNumber(), partition_by=[F(by)], order_by=_expressions(order))
    within = _beyond(rows.filter(**{f"{by}__in": keys}), order, asked.cursor)
    wanted = within.annotate(_place=place).filter(_place__lte=asked.size + 1)
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in wanted.order_by("_place"):
        found[getattr(row, by)].append(row)
    return {key: _page(found[key], ordering, asked) for key in keys}


def _page(found: list[Any], ordering: Ordering, asked: Asked) -> Page:
    more = len(found) > asked.size
    rows = found[: asked.size]
    if asked.backwards:
        rows.reverse()
    cursors = [_cursor(row, ordering) for row in rows]
    beyond = bool(asked.cursor)
    has_next, has_previous = (beyond, more) if asked.backwards else (more, beyond)
    return Page(rows, cursors, has_next, has_previous)


def _expressions(order: Ordering) -> list[Any]:
    return [
        F(name[1:]).desc() if name.startswith("-") else F(name).asc()
        for name, _kind in order.columns
    ]


def _beyond(rows: QuerySet, order: Ordering, cursor: str) -> QuerySet:
    """Leave out what does not come after the row that ``cursor`` names."""
    if not cursor:
        return rows
    condition, equal = Q(), Q()
    values = _values(cursor, order)
    for name, value in zip(order.names, values, strict=True):
        column = name.removeprefix("-")
        side = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{column}__{side}": value})
        equal &= Q(**{column: value})
    # Said apart, the first column's bound lets PostgreSQL begin there in an index.
    first = order.names[0]
    bound = f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}"
    return rows.filter(condition, **{bound: values[0]})


def _cursor(row: Any, ordering: Ordering) -> str:
    values = [_text(getattr(row, name.removeprefix("-"))) for name in ordering.names]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def _values(cursor: str, order: Ordering) -> list[Any]:
    """Return a cursor's values; CapsiteError when it is not one of this list's."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        kinds = [kind for _name, kind in order.columns]
        if not isinstance(raw, list) or len(raw) != len(kinds):
            raise ValueError("not a cursor of this list")
        return [_parsed(kind, text) for kind, text in zip(kinds, raw, strict=True)]
    except (ValueError, TypeError, RecursionError, OverflowError, binascii.Error) as error:
        message = _("This is not a cursor of this list. Start from its beginning.")
        raise CapsiteError("bad_cursor", message, field="after") from error


def _parsed(kind: type, text: str) -> Any:
    if not isinstance(text, str) or "\0" in text:
        raise ValueError("a cursor holds texts")
    if kind is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a cursor's time names its zone")
        return moment
    value = kind(text)
    if kind is int and abs(value) >= WHOLE:
        raise ValueError("a number out of range")
    return value
