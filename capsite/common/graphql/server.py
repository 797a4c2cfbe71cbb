"""What the roof plugs in below: the schema, who asks, and what they may."""

from functools import cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from graphql import GraphQLSchema

from capsite.common.graphql.context import Caller, Context
from capsite.common.graphql.execution import Prepared


class Server(Protocol):
    """Everything the view and the socket need to know of this site's apps."""

    schema: GraphQLSchema

    def caller_of(self, request: HttpRequest) -> Caller:
        """Return who sent a request; CapsiteError for a token that opens nothing."""

    def caller_of_socket(self, scope: dict[str, Any], raw: str | None) -> Caller:
        """Return who opened a socket, or whose token ``raw`` came in its first message."""

    def count_request(self, request: HttpRequest, caller: Caller) -> None:
        """Count an HTTP request against its limit."""

    def count_socket(self, caller: Caller, scope: str) -> None:
        """Count a socket, or an operation on it."""

    def admit(self, caller: Caller, operation: Prepared) -> None:
        """Refuse a grant that may not run this kind of operation at all."""

    def require(self, caller: Caller, field: str) -> None:
        """Refuse a mutation that the grant or a limit does not allow."""

    def ends(self, caller: Caller) -> list[str]:
        """Return the channel groups that tell of the end of the caller's grant."""

    def stands(self, raw: str) -> bool:
        """Tell whether a token still opens something."""


@cache
def server() -> Server:
    """Return this site's server; the floor knows it by name alone."""
    return cast(Server, import_string(settings.CAPSITE_GRAPHQL_SERVER))


def context_for(caller: Caller, events: Any = None) -> Context:
    """Return the context of one operation."""
    here = server()
    return Context(caller, lambda field: here.require(caller, field), events)
