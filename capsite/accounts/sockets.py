"""Who opened a WebSocket, and its end when the grant that opened it ends (close code 4401)."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from channels.auth import AuthMiddlewareStack, get_user
from channels.db import database_sync_to_async
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings

from capsite.accounts.endings import ENDED, grant_group, grants_end_on_commit
from capsite.accounts.grant import Grant
from capsite.accounts.grants import bearer_authenticate, person_grant
from capsite.accounts.guard import GRANT_ENDED, Guard
from capsite.accounts.header import bearer_of
from capsite.accounts.scopes import Person
from capsite.common.errors import CapsiteError
from capsite.common.outage import OUTAGES

__all__ = [
    "ENDED",
    "GRANT_ENDED",
    "grant_group",
    "grants_end_on_commit",
    "socket_identity",
]

TRY_LATER = 1013
App = Callable[[Any, Any, Any], Awaitable[Any]]
Identity = tuple[Person, Grant]


def socket_identity(application: App) -> App:
    """Set ``scope["user"]`` and ``scope["grant"]``, and guard the socket while it is open.

    A browser comes with its session cookie and must come from one of our own pages. A program
    comes with an Authorization header, which no other website can make a browser send.
    """
    by_session = AllowedHostsOriginValidator(AuthMiddlewareStack(_Session(application)))
    by_token = _Token(application)

    async def identified(scope: Any, receive: Any, send: Any) -> None:
        app = by_session if _bearer(scope) is None else by_token
        await app(scope, receive, send)

    return identified


class _Session:
    """A browser, as a visitor or signed in."""

    def __init__(self, application: App) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the consumer with the grant of the session."""

        key = scope["session"].session_key
        grant = await database_sync_to_async(person_grant)(scope["user"], session_key=key)
        guard = Guard(grant, person_id=scope["user"].pk, again=lambda: _session_stands(key))
        await guard.run(self.application, scope | {"grant": grant}, receive, send)


class _Token:
    """A program with a bearer token."""

    def __init__(self, application: App) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the consumer with the token's grant, or refuse the socket with 4401."""
        raw = _bearer(scope) or ""
        try:
            person, grant = await database_sync_to_async(bearer_authenticate)(raw)
        except CapsiteError:
            await _refuse(receive, send, GRANT_ENDED)
            return
        except OUTAGES:
            await _refuse(receive, send, TRY_LATER)
            return
        guard = Guard(grant, person_id=person.pk, again=lambda: _token_stands(raw))
        known = scope | {"user": person, "grant": grant}
        await guard.run(self.application, known, receive, send)


async def _session_stands(key: str | None) -> bool:
    # A new store object: the one in the scope keeps what it has read.
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    scope: Any = {"session": store}
    return bool((await get_user(scope)).is_authenticated)


async def _token_stands(raw: str) -> bool:
    try:
        await database_sync_to_async(bearer_authenticate)(raw)
    except CapsiteError:
        return False
    return True


async def _refuse(receive: Any, send: Any, code: int) -> None:
    """Accept and close, because a refused handshake tells a program no code."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})


def _bearer(scope: dict[str, Any]) -> str | None:
    for name, value in scope.get("headers", []):
        if name == b"authorization":
            return bearer_of(value.decode("latin1"))
    return None
