"""GraphQL subscriptions over graphql-transport-ws: the protocol as a flow, without a socket."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from capsite_client import errors
from capsite_client.engine import Site, authorisation
from capsite_client.flow import Emit, Hear, Open, Say, Sleep, SocketClosed, SocketFlow

T = TypeVar("T")
PATH = "/ws/graphql/"
PROTOCOL = "graphql-transport-ws"
ENDED_GRANT = 4401
# Codes of the protocol that say the client is wrong: to come again would change nothing.
FATAL = {4400, 4403, 4406, 4409, 4429}
ID = "1"
STEADY = 10.0  # seconds after which a silent connection counts as good


@dataclass(frozen=True)
class Subscription(Generic[T]):
    """What to subscribe to, and how to ``read`` the data of an event.

    A connection that was lost is tried again for ``patience`` seconds.
    """

    site: Site
    query: str
    variables: Mapping[str, Any]
    read: Callable[[dict[str, Any]], T]
    patience: float = 300.0


@dataclass
class _Line:
    """What is remembered from one connection to the next."""

    site: Site
    patience: float
    failures: int = 0
    ended: str = ""  # the token that the site said has ended
    steady_at: float | None = None  # when a connection was last known to be good

    def is_steady(self) -> None:
        """A message came: whatever went wrong before is over."""
        self.failures, self.ended, self.steady_at = 0, "", self.site.clock()

    def lost(self, closed: SocketClosed, token: str, opened: float) -> float | None:
        """Return the pause before the next connection, or None when there shall be none."""
        if self.site.clock() - opened > STEADY:
            self.is_steady()
        self.failures += 1
        if _unauthorised(closed):
            if not token or self.ended or self.site.auth.renewal() is None:
                return None
            self.ended = token
        elif _is_final(closed):
            return None
        if self.steady_at is None:  # never connected: the mistake may be ours
            return self.site.backoff.pause(self.failures)
        given_up = self.site.clock() - self.steady_at > self.patience
        return None if given_up else self.site.backoff.jitter(self.failures)


def listen(subscription: Subscription[Any]) -> SocketFlow[None]:
    """Emit what comes; a lost connection is opened again, with back-off, and the token renewed.

    What happened while there was no connection is not sent later.
    """
    site = subscription.site
    line = _Line(site, subscription.patience)
    while True:
        token = yield from authorisation(site, site.deadline(), line.ended)
        opened = site.clock()
        try:
            yield from _connect(site, token)
            yield Say({"type": "subscribe", "id": ID, "payload": _payload(subscription)})
            while True:
                message = yield from _hear("next", None)
                line.is_steady()
                if message["type"] == "complete":
                    return
                yield Emit(_value(subscription, message))
        except SocketClosed as closed:
            pause = line.lost(closed, token, opened)
            if pause is None:
                raise _failure(closed) from closed
        yield Sleep(pause)


def _connect(site: Site, token: str) -> SocketFlow[None]:
    parts = urlsplit(site.origin)
    url = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}{parts.path}{PATH}"
    origin = f"{parts.scheme}://{parts.netloc}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    yield Open(url, headers, origin, site.timeout)
    yield Say({"type": "connection_init"})
    yield from _hear("connection_ack", site.timeout)


def _hear(wanted: str, timeout: float | None) -> SocketFlow[dict[str, Any]]:
    """Return the next message that is wanted, or the end; answer pings meanwhile."""
    while True:
        message = _object((yield Hear(timeout)))
        kind = message.get("type")
        if kind == "ping":
            yield Say({"type": "pong"})
        elif kind == "error":
            raise _refusal(message.get("payload"))
        elif kind in (wanted, "complete"):
            return message


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise errors.AnswerInvalid("A message on the socket is no JSON object.")
    return message


def _payload(subscription: Subscription[Any]) -> dict[str, Any]:
    return {"query": subscription.query, "variables": dict(subscription.variables)}


def _value(subscription: Subscription[T], message: dict[str, Any]) -> T:
    payload = message.get("payload")
    if not isinstance(payload, dict):
        raise errors.AnswerInvalid("A message on the socket has no payload.")
    if payload.get("errors"):
        raise _refusal(payload["errors"])
    return subscription.read(payload.get("data") or {})


def _refusal(problems: Any) -> Exception:
    """Return the error for GraphQL's list of errors; the first one speaks."""
    first = problems[0] if isinstance(problems, list) and problems else {}
    message = str(first.get("message") or "The site refused the subscription.")
    extensions = first.get("extensions") or {}
    if extensions.get("code") == "fell_behind":
        return SocketClosed(message)  # to subscribe again is what the site asks for
    return errors.SubscriptionFailed(message, code=extensions.get("code", ""), data=extensions)


def _unauthorised(closed: SocketClosed) -> bool:
    return closed.code == ENDED_GRANT or closed.status == 401


def _is_final(closed: SocketClosed) -> bool:
    refused = 400 <= closed.status < 500 and closed.status != 429
    return closed.code in FATAL or refused


def _failure(closed: SocketClosed) -> errors.CapsiteError:
    if _unauthorised(closed):
        return errors.SignInRequired(
            "The sign-in that opened this subscription has ended.", code="invalid_token", status=401
        )
    if closed.code in FATAL or closed.status:
        return errors.SubscriptionFailed(f"The site ended the subscription: {closed}.")
    return errors.ConnectionFailed(f"The subscription's connection was lost: {closed}.")
