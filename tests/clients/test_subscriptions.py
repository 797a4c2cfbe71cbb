"""Subscriptions against a real WebSocket server in a thread."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from capsite_client import Backoff, ConnectionFailed, JWTAuth, SignInRequired, SubscriptionFailed
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tests.clients.talker import Told
from tests.clients.test_auth import REFRESH, jwt

Script = Callable[["Line"], None]
QUERY = "subscription { imageFeed { state } }"


class Line:
    """One connection, seen from the site."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    @property
    def headers(self) -> Any:
        return self.connection.request.headers

    def say(self, kind: str, payload: Any = None) -> None:
        """Send a message of the protocol."""
        body = {"type": kind} | ({"payload": payload} if payload is not None else {})
        known = {"id": "1"} if kind in ("next", "error", "complete") else {}
        self.connection.send(json.dumps(known | body))

    def hear(self, kind: str) -> dict[str, Any]:
        """Receive the next message, which has to be of a kind."""
        message = json.loads(self.connection.recv(5))
        assert message["type"] == kind, message
        return message

    def begin(self) -> dict[str, Any]:
        """Shake hands; return what is subscribed to."""
        self.hear("connection_init")
        self.say("connection_ack")
        return self.hear("subscribe")["payload"]

    def tell(self, *states: str) -> None:
        """Send events."""
        for state in states:
            self.say("next", {"data": {"imageFeed": {"state": state}}})


@contextmanager
def site(*scripts: Script) -> Iterator[tuple[str, list[Line]]]:
    """A server whose connections play one script after the other, the last one for ever."""
    left, lines = list(scripts), []

    def play(connection: ServerConnection) -> None:
        script = left.pop(0) if len(left) > 1 else left[0]
        lines.append(Line(connection))
        try:
            script(lines[-1])
        except ConnectionClosed:
            return

    protocol = [Subprotocol("graphql-transport-ws")]
    with serve(play, "127.0.0.1", 0, subprotocols=protocol) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", lines
        server.shutdown()
        thread.join()


def states(found: list[Any]) -> list[str]:
    return [data["imageFeed"]["state"] for data in found]


def test_events_come_as_they_happen_until_the_end(face):
    heard = []

    def script(line: Line) -> None:
        heard.append(line.begin())
        line.say("ping")
        line.hear("pong")
        line.tell("queued", "done")
        line.say("complete")
        line.connection.recv(5)

    with site(script) as (url, lines):
        client = face(url, auth="cap_secret")
        found = client.listed("subscribe", QUERY, {"n": 1})
        assert states(found) == ["queued", "done"]
        assert heard == [{"query": QUERY, "variables": {"n": 1}}]
        assert lines[0].headers["Authorization"] == "Bearer cap_secret"
        assert lines[0].headers["Origin"] == url
        assert lines[0].connection.request.path == "/ws/graphql/"


def test_leaving_the_iteration_closes_the_socket(face):
    closed = threading.Event()

    def script(line: Line) -> None:
        line.begin()
        line.tell("queued", "done")
        try:
            line.connection.recv(5)
        finally:
            closed.set()

    with site(script) as (url, _lines):
        assert states(face(url).listed("subscribe", QUERY, most=1)) == ["queued"]
        assert closed.wait(5)


def test_a_lost_connection_is_opened_again(face):
    def lost(line: Line) -> None:
        line.begin()
        line.tell("queued")
        line.connection.close(1012)

    def whole(line: Line) -> None:
        line.begin()
        line.tell("done")
        line.connection.recv(5)

    with site(lost, lost, whole) as (url, lines):
        client = face(url, backoff=Backoff(attempts=2, base=1, draw=lambda: 0.5))
        assert states(client.listed("subscribe", QUERY, most=3)) == ["queued", "queued", "done"]
        assert len(lines) == 3
        assert client.pauses == [0.5, 0.5]


def test_an_ended_token_is_renewed_and_the_line_opened_again(face, talker):
    new = jwt("new")
    talker.tell(REFRESH, Told(200, {"data": {"access_token": new, "refresh_token": "r2"}}))

    def ended(line: Line) -> None:
        line.connection.close(4401)

    def whole(line: Line) -> None:
        line.begin()
        line.tell("done")
        line.connection.recv(5)

    with site(ended, whole) as (url, lines):
        client = face(url, auth=JWTAuth(jwt("old"), "r1", path=REFRESH))
        # Sockets and HTTP have one address on a site; here two servers play them.
        client.client.driver.http = _Redirected(client.client.driver.http, url, talker.url)
        assert states(client.listed("subscribe", QUERY, most=1)) == ["done"]
        assert lines[1].headers["Authorization"] == f"Bearer {new}"


class _Redirected:
    """An httpx client that talks to another server."""

    def __init__(self, http: Any, old: str, new: str) -> None:
        self._http, self._old, self._new = http, old, new

    def stream(self, **asked: Any) -> Any:
        return self._http.stream(**asked | {"url": asked["url"].replace(self._old, self._new)})

    def request(self, **asked: Any) -> Any:
        return self._http.request(**asked | {"url": asked["url"].replace(self._old, self._new)})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)


def test_an_ended_personal_token_ends_it(face):
    with site(lambda line: line.connection.close(4401)) as (url, lines):
        with pytest.raises(SignInRequired):
            face(url, auth="cap_secret").listed("subscribe", QUERY)
        assert len(lines) == 1


def test_a_refused_subscription_says_why(face):
    def script(line: Line) -> None:
        line.begin()
        refusal = {"message": "Too deep.", "extensions": {"code": "query_too_deep"}}
        line.say("error", [refusal])
        line.connection.recv(5)

    with site(script) as (url, lines):
        with pytest.raises(SubscriptionFailed, match="Too deep") as caught:
            face(url).listed("subscribe", QUERY)
        assert caught.value.code == "query_too_deep"
        assert len(lines) == 1


def test_what_the_protocol_forbids_is_final(face):
    with site(lambda line: line.connection.close(4400, "Invalid message")) as (url, lines):
        with pytest.raises(SubscriptionFailed, match="Invalid message"):
            face(url).listed("subscribe", QUERY)
        assert len(lines) == 1


def test_a_site_that_is_not_there_is_given_up_on(face):
    client = face("http://127.0.0.1:1", backoff=Backoff(attempts=3))
    with pytest.raises(ConnectionFailed):
        client.listed("subscribe", QUERY)
    assert len(client.pauses) == 2


def test_a_silent_site_times_out(face):
    def script(line: Line) -> None:
        line.hear("connection_init")
        line.connection.recv(5)

    with site(script) as (url, _lines):
        began = time.monotonic()
        with pytest.raises(ConnectionFailed):
            face(url, timeout=0.3, backoff=Backoff(attempts=1)).listed("subscribe", QUERY)
        assert time.monotonic() - began < 3
