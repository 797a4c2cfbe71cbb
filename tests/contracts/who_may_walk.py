"""Finds everything that somebody could ask for: routes, GraphQL fields and sockets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One pattern of the URLconf, and the module of the view behind it."""

    pattern: str
    module: str


def routes() -> list[Route]:
    """Return every route of the site; of two with one pattern the first, which answers."""
    found: dict[str, Route] = {}
    for pattern, view in _walk(get_resolver().url_patterns):
        kind = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
        found.setdefault(pattern, Route(pattern, kind.__module__))
    return list(found.values())


def _walk(patterns: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for each in patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, pattern)
        elif isinstance(each, URLPattern):
            yield pattern, each.callback


def graphql_fields() -> set[str]:
    """Return ``Query.images``, ``Mutation.voteCast``, ``Me.tokens``, ``node(Image)`` and so on."""
    from capsite.schema import schema

    graph = schema.graphql_schema
    roots = [graph.query_type, graph.mutation_type, graph.subscription_type]
    fields = {
        f"{kind.name}.{name}" for kind in [*roots, graph.get_type("Me")] for name in kind.fields
    }
    nodes = graph.get_possible_types(graph.get_type("Node"))
    return fields | {f"node({kind.name})" for kind in nodes}


def sockets() -> set[str]:
    """Return the address of every WebSocket."""
    from capsite.asgi import sockets as patterns

    return {str(each.pattern) for each in patterns}
