"""The web process counts as up with any answer it gives, and is asked at a measured pace."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from capsite.supervisor import probe
from capsite.supervisor.probe import WebProbe, welcome_host


class _Refusing(BaseHTTPRequestHandler):
    hosts: list[str] = []

    def do_GET(self):
        self.hosts.append(self.headers["Host"])
        self.send_error(400)

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing():
    """A server that answers 400, as Django does to a host it does not know."""
    _Refusing.hosts.clear()
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_refusal_is_an_answer(refusing, monkeypatch):
    monkeypatch.setenv("CAPSITE_HOSTS", "photos.example")
    assert WebProbe("127.0.0.1", refusing.server_port).answers()
    assert _Refusing.hosts == ["photos.example"]


def test_silence_is_no_answer():
    assert not WebProbe("127.0.0.1", 1).answers()


def test_between_two_turns_nobody_is_asked(refusing, monkeypatch):
    asking = WebProbe("127.0.0.1", refusing.server_port)
    monkeypatch.setattr(probe, "PAUSE_SECONDS", 60)
    assert asking.answers()
    assert not any(asking.answers() for _ in range(100))
    assert len(_Refusing.hosts) == 1


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ("photos.example, other.example", "photos.example"),
        (".photos.example", "photos.example"),
        ("*", "localhost"),
        ("", "localhost"),
    ],
)
def test_the_host_is_one_that_django_takes(monkeypatch, hosts, host):
    monkeypatch.setenv("CAPSITE_HOSTS", hosts)
    assert welcome_host() == host
