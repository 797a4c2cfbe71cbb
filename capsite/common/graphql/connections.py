"""Relay connections whose pages come from the database, one query for all parents at once."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from graphene import Field, Int, String, relay

from capsite.common.graphql.context import in_thread, loader
from capsite.common.graphql.paging import NEWEST, Ordering, Page, asked_of, page, pages


def connection_of(node: Any) -> Any:
    """Return the connection type of a node type."""
    meta = type("Meta", (), {"node": node, "strict_types": True})
    return type(f"{node._meta.name}Connection", (relay.Connection,), {"Meta": meta})


@dataclass(frozen=True)
class Listing:
    """One list of the schema: which rows, in which order, and by which column they belong.

    ``rows(info, **filters)`` returns those the person may see. With ``by`` it is the list of a
    parent: ``key`` returns the parent's value of that column. ``node`` returns a row's node.
    """

    rows: Callable[..., QuerySet]
    order: Ordering = NEWEST
    by: str = ""
    key: Callable[[Any], Any] = attrgetter("pk")
    node: Callable[[Any], Any] = lambda row: row

    def field(self, connection: Any, *, description: str, **arguments: Any) -> Field:
        """Return the field that shows it, with Relay's arguments and those that filter."""
        return Field(
            connection,
            first=Int(description="1 to 100; 30 unless given."),
            after=String(),
            last=Int(description="1 to 100, from the end."),
            before=String(),
            resolver=self.resolve,
            required=True,
            description=description,
            **arguments,
        )

    async def resolve(
        self,
        parent: Any,
        info: Any,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        **filters: Any,
    ) -> dict[str, Any]:
        """Return the page as a connection."""
        asked = asked_of(first, after, last, before)
        given = {name: value for name, value in filters.items() if value is not None}
        if not self.by:
            return self._shown(
                await in_thread(lambda: page(self.rows(info, **given), self.order, asked))
            )

        def batch(keys: list[Any]) -> dict[Any, Page]:
            return pages(self.rows(info, **given), self.order, asked, by=self.by, keys=keys)

        name = (id(self), asked, _frozen(given))
        return self._shown(await loader(info, name, batch).load(self.key(parent)))

    def _shown(self, found: Page) -> dict[str, Any]:
        edges = [
            {"node": self.node(row), "cursor": cursor}
            for row, cursor in zip(found.rows, found.cursors, strict=True)
        ]
        about = {
            "has_next_page": found.has_next,
            "has_previous_page": found.has_previous,
            "start_cursor": found.cursors[0] if found.cursors else None,
            "end_cursor": found.cursors[-1] if found.cursors else None,
        }
        return {"edges": edges, "page_info": about}


def _frozen(given: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in sorted(given.items())
    )
