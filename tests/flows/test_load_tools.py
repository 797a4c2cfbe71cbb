"""What the load and fault scenarios are made of works: screens that listen, a bad network."""

import asyncio
import socket
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.flows.site import Site
from tests.load.gauges import Sample
from tests.load.slowproxy import SlowProxy
from tests.load.soak import judge
from tests.load.sockets import hears

pytestmark = pytest.mark.flow


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(100):
            self.request.sendall(data)


@pytest.fixture
def proxy(tmp_path: Path):
    """A proxy before a server that says everything back."""
    path = tmp_path / "echo"
    with socketserver.ThreadingUnixStreamServer(str(path), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with SlowProxy(path) as running:
            yield running
        server.shutdown()


def test_every_screen_hears_what_it_may_and_nothing_else(site: Site, capsys):
    with ThreadPoolExecutor(1) as pool:  # this thread has Playwright's event loop
        assert pool.submit(lambda: asyncio.run(hears(site, 40, 3))).result()
    assert "Verdict: passed" in capsys.readouterr().out


def test_the_network_is_as_bad_as_asked(proxy: SlowProxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as talk:
        assert _said(talk) < 0.1
        proxy.delay = 0.1
        assert _said(talk) >= 0.2
        proxy.delay, proxy.hole = 0.0, True
        talk.sendall(b"a")
        talk.settimeout(0.3)
        with pytest.raises(TimeoutError):
            talk.recv(1)
        proxy.hole = False
        talk.settimeout(5)
        assert talk.recv(1) == b"a"
        proxy.cut()
        with pytest.raises(ConnectionError):
            _said(talk)
    proxy.closed = True
    with (
        pytest.raises(ConnectionError),
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as talk,
    ):
        _said(talk)


@pytest.mark.parametrize(("an_hour", "verdict"), [(0, 0), (60, 0), (600, 1)])
def test_the_soak_sees_a_leak(an_hour: int, verdict: int, capsys):
    samples = [Sample(at, {"web MB": 150 + at * an_hour / 3600}) for at in range(0, 900, 15)]
    assert judge(samples) == verdict
    assert ("GROWS" in capsys.readouterr().out) is bool(verdict)


def _said(talk: socket.socket) -> float:
    began = time.monotonic()
    talk.sendall(b"a")
    if talk.recv(1) != b"a":
        raise ConnectionError("hung up")
    return time.monotonic() - began
