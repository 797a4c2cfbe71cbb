"""Everybody opens every socket and follows every subscription; one without a row fails."""

from dataclasses import dataclass
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.test import Client

from capsite.accounts.scopes import Scope
from tests.contracts.test_who_may import listed
from tests.contracts.test_who_may_graphql import query_of
from tests.contracts.who_may_graphql import SEEN, SUBSCRIPTIONS, WORDS, Field
from tests.contracts.who_may_walk import sockets
from tests.contracts.who_may_world import ACTORS, World, both_worlds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlimited")]

PROTOCOL = "graphql-transport-ws"
QUIET_SECONDS = 0.3


@dataclass(frozen=True)
class Socket:
    """One WebSocket: everybody may open it; the words say who may watch the owner's photo."""

    address: str
    private: str
    public: str = "ok ok ok ok ok"


SOCKETS = [Socket("ws/gallery/", SEEN), Socket("ws/graphql/", SEEN)]


def headers_of(person: Any) -> list[tuple[bytes, bytes]]:
    """Return what a browser sends."""
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
    if not person.is_authenticated:
        return headers
    client = Client()
    client.force_login(person)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    return [*headers, (b"cookie", f"{django_settings.SESSION_COOKIE_NAME}={cookie}".encode())]


async def opened(address: str, headers: list[tuple[bytes, bytes]]) -> WebsocketCommunicator:
    from capsite.asgi import application

    protocols = [PROTOCOL] if address == "ws/graphql/" else []
    socket = WebsocketCommunicator(application, f"/{address}", headers, protocols)
    connected, _protocol = await socket.connect(timeout=5)
    assert connected
    return socket


async def watched(socket: WebsocketCommunicator, there: World) -> str:
    """Return the word for watching the photo on the gallery's socket."""
    assert (await socket.receive_json_from(5))["type"] == "hello"
    await socket.send_json_to({"type": "watch", "image": str(there.rows["image"].pk)})
    await socket.send_json_to({"type": "ping"})
    answer = await socket.receive_json_from(5)
    return "ok" if answer["type"] == "pong" else WORDS[answer["code"]]


async def followed(socket: WebsocketCommunicator, field: Field, there: World) -> str:
    """Return the word for a subscription."""
    await socket.send_json_to({"type": "connection_init"})
    assert (await socket.receive_json_from(5))["type"] == "connection_ack"
    query = await database_sync_to_async(query_of)(field, there)
    await socket.send_json_to({"id": "1", "type": "subscribe", "payload": {"query": query}})
    if field.name == "Subscription.imageFeed":  # nothing happens, and that is no refusal
        quiet = await socket.receive_nothing(QUIET_SECONDS)
        return "ok" if quiet else _word(await socket.receive_json_from(5))
    return _word(await socket.receive_json_from(5))


def _word(answer: dict[str, Any]) -> str:
    errors = answer["payload"] if answer["type"] == "error" else answer["payload"].get("errors")
    if not errors:
        return "ok"
    code = errors[0]["extensions"]["code"]
    return WORDS.get(code, code)


def test_every_socket_has_its_row():
    assert {socket.address for socket in SOCKETS} == sockets()


@pytest.mark.parametrize("actor", ACTORS)
async def test_who_may_watch_what(actor):
    worlds = await database_sync_to_async(both_worlds)()
    headers = await database_sync_to_async(headers_of)(worlds[0].people[actor])
    wrong = []
    for there in worlds:
        row = SOCKETS[0]
        socket = await opened(row.address, headers)
        expected = getattr(row, there.visibility).split()[ACTORS.index(actor)]
        got = await watched(socket, there)
        await socket.disconnect()
        if got != expected:
            wrong.append((there.visibility, row.address, expected, got))
        for field in SUBSCRIPTIONS:
            socket = await opened("ws/graphql/", headers)
            words = field.private if there.visibility == "private" else field.public
            expected = (words or field.private).split()[ACTORS.index(actor)]
            got = await followed(socket, field, there)
            await socket.disconnect()
            if got != expected:
                wrong.append((there.visibility, field.name, expected, got))
    assert not wrong, listed(wrong)


async def test_a_token_that_may_not_read_watches_nothing():
    _private, there = await database_sync_to_async(both_worlds)()
    raw = await database_sync_to_async(there.token_without)(Scope.CAPTIONS_READ)
    bearer = [(b"authorization", f"Bearer {raw}".encode()), (b"host", b"localhost")]
    socket = await opened("ws/gallery/", bearer)
    assert await socket.receive_output(5) == {"type": "websocket.close", "code": 4403}
    await socket.disconnect()
    for field in SUBSCRIPTIONS:
        socket = await opened("ws/graphql/", bearer)
        assert await followed(socket, field, there) == "scope", field.name
        await socket.disconnect()


@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.address)
async def test_a_bad_token_and_another_website_open_nothing(socket):
    from capsite.asgi import application

    bearer = [(b"authorization", b"Bearer cap_nonsense"), (b"host", b"localhost")]
    refused = await opened(socket.address, bearer)
    closed = await refused.receive_output(5)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    await refused.wait()
    foreign = [(b"origin", b"https://elsewhere.test"), (b"host", b"localhost")]
    other = WebsocketCommunicator(application, f"/{socket.address}", foreign)
    connected, _code = await other.connect(timeout=5)
    assert not connected
    await other.wait()
