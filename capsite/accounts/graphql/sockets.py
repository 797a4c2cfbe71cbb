"""Lets a program open the GraphQL socket before its first message says who it is."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser

from capsite.accounts.grants import person_grant
from capsite.accounts.sockets import socket_identity

App = Callable[[Any, Any, Any], Awaitable[Any]]


def late_identity(application: App, *, path: str) -> App:
    """At ``path`` take in sockets without Origin and Authorization as visitors'; others as usual.

    A browser names its page's Origin with every socket, so no other website is behind one without.
    Cookies count for nothing here.
    """
    usual = socket_identity(application)

    async def identified(scope: dict[str, Any], receive: Any, send: Any) -> None:
        named = {name for name, _value in scope.get("headers", [])}
        if scope["path"] != path or named & {b"origin", b"authorization"}:
            await usual(scope, receive, send)
            return
        nobody = AnonymousUser()
        grant = await database_sync_to_async(person_grant)(nobody)
        await application(scope | {"user": nobody, "grant": grant}, receive, send)

    return identified
