"""The graphql-transport-ws protocol to the letter, spoken by hand."""

import json
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from capsite.common.errors import CapsiteError
from capsite.common.graphql.hub import MOST_WAITING, Inbox
from tests.factories import ImageFactory, UserFactory
from tests.graphql.asking import token_for

FEED = {"query": "subscription { imageFeed { kind } }"}


def opened(live: str, **options: Any) -> ClientConnection:
    protocols = options.pop("subprotocols", ["graphql-transport-ws"])
    return connect(f"ws://{live}/ws/graphql/", subprotocols=protocols, **options)


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=10))


def acknowledged(live: str, **options: Any) -> ClientConnection:
    socket = opened(live, **options)
    say(socket, type="connection_init")
    assert hear(socket) == {"type": "connection_ack"}
    return socket


def closing(socket: ClientConnection, timeout: float = 10) -> tuple[int, str]:
    """Return how the server closes the socket."""
    while True:
        try:
            socket.recv(timeout=timeout)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


def test_the_protocol_must_be_spoken(live: str):
    assert closing(opened(live, subprotocols=["graphql-ws"])) == (
        4406,
        "Subprotocol not acceptable",
    )


def test_nobody_may_wait_with_the_first_message(live: str):
    assert closing(opened(live)) == (4408, "Connection initialisation timeout")


def test_the_first_message_comes_once(live: str):
    with acknowledged(live) as socket:
        say(socket, type="connection_init")
        assert closing(socket) == (4429, "Too many initialisation requests")


def test_nothing_runs_before_the_first_message(live: str):
    with opened(live) as socket:
        say(socket, id="1", type="subscribe", payload=FEED)
        assert closing(socket) == (4401, "Unauthorized")


def test_ids_are_used_once_at_a_time(live: str):
    with acknowledged(live) as socket:
        say(socket, id="1", type="subscribe", payload=FEED)
        say(socket, id="1", type="subscribe", payload=FEED)
        assert closing(socket) == (4409, "Subscriber for 1 already exists")
    with acknowledged(live) as socket:
        for _ in range(2):
            say(socket, id="1", type="subscribe", payload={"query": "{ me { role } }"})
            assert hear(socket) == {"id": "1", "type": "next", "payload": {"data": {"me": None}}}
            assert hear(socket) == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "null",
        '"ping"',
        "{}",
        '{"type": "dance"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ me { role } }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "complete"}',
        '{"type": "connection_init", "payload": 1}',
        "[" * 5000,
        '{"type": "ping", "x": "' + "y" * 70_000 + '"}',
        b"{}",
    ],
)
def test_what_is_no_message_closes_the_socket(live: str, text: str | bytes):
    with opened(live) as socket:
        socket.send(text)
        assert closing(socket) == (4400, "Invalid message received")


def test_pings_are_answered_and_pongs_are_not(live: str):
    with opened(live) as socket:
        say(socket, type="pong")
        say(socket, type="ping", payload={"a": 1})
        assert hear(socket) == {"type": "pong", "payload": {"a": 1}}
        say(socket, type="ping")
        assert hear(socket) == {"type": "pong"}


def test_the_session_says_who_it_is_and_its_end_closes_the_socket(live: str):
    member, browser = UserFactory(), Client()
    browser.force_login(member)
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    with acknowledged(
        live, origin=f"http://{live}", additional_headers={"Cookie": cookie}
    ) as socket:
        say(socket, id="1", type="subscribe", payload={"query": "{ me { user { name } } }"})
        assert hear(socket)["payload"]["data"]["me"]["user"]["name"] == member.username
        browser.logout()
        assert closing(socket)[0] == 4401
    with pytest.raises(InvalidStatus):
        opened(live, origin="http://elsewhere.example", additional_headers={"Cookie": cookie})


def test_a_cookie_without_a_page_counts_for_nothing(live: str):
    browser = Client()
    browser.force_login(UserFactory())
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    with acknowledged(live, additional_headers={"Cookie": cookie}) as socket:
        say(socket, id="1", type="subscribe", payload={"query": "{ me { role } }"})
        assert hear(socket)["payload"]["data"] == {"me": None}


def test_a_token_needs_the_scope_to_read(live: str):
    token = token_for(UserFactory(), "captions:write")
    header = {"Authorization": f"Bearer {token}"}
    with acknowledged(live, additional_headers=header) as socket:
        say(socket, id="1", type="subscribe", payload=FEED)
        [error] = hear(socket)["payload"]
        assert error["extensions"]["code"] == "insufficient_scope"


def test_limits_hold_on_the_socket_too(live: str):
    ImageFactory()
    costly = (
        "{ images(first: 100) { edges { node { captions(first: 100) { edges { cursor } } } } } }"
    )
    with acknowledged(live) as socket:
        say(socket, id="1", type="subscribe", payload={"query": costly})
        answer = hear(socket)
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"]["code"] == "query_too_costly"
        for number in range(60):
            say(socket, id=f"s{number}", type="subscribe", payload=FEED)
        answer = hear(socket)
        assert (answer["id"], answer["type"]) == ("s50", "error")
        assert answer["payload"][0]["extensions"]["code"] == "too_many"


async def test_who_falls_behind_is_told_so():
    inbox = Inbox(lambda message: message["type"] == "wanted")
    for _ in range(MOST_WAITING * 2):
        inbox.put({"type": "wanted"})
        inbox.put({"type": "other"})
    messages = inbox.messages()
    for _ in range(MOST_WAITING):
        assert await anext(messages) == {"type": "wanted"}
    with pytest.raises(CapsiteError) as error:
        await anext(messages)
    assert error.value.code == "fell_behind"
