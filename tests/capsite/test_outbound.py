"""Requests to addresses that people gave: where they may go, how much they take, how long."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from capsite.common.errors import CapsiteError
from capsite.common.outbound import client, fetch, resolve, send, url_check
from capsite.common.outbound.addresses import endpoint_of, is_public
from capsite.common.outbound.urls import target_from

KB = 1024


class Answers(BaseHTTPRequestHandler):
    """A small web server with one address for each way to behave."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers))  # type: ignore[attr-defined]
        name, _, rest = self.path.removeprefix("/").partition("/")
        getattr(self, f"answer_{name}")(rest)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((body, self.headers))  # type: ignore[attr-defined]
        getattr(self, f"answer_{self.path.strip('/').split('/')[0]}")("")

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_photo(self, _rest: str) -> None:
        self.answer(200, b"a photo", Content_Type="image/jpeg")

    def answer_to(self, where: str) -> None:
        self.answer(302, Location=where)

    def answer_loop(self, _rest: str) -> None:
        self.answer(302, Location="/loop")

    def answer_large(self, _rest: str) -> None:
        self.answer(200, b"x" * 64 * KB)

    def answer_endless(self, _rest: str) -> None:
        """No length, and more than anyone wants."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chunk = b"%x\r\n%s\r\n" % (KB, b"x" * KB)
        while True:
            try:
                self.wfile.write(chunk)
            except OSError:
                return

    def answer_drip(self, _rest: str) -> None:
        """A byte now and then: each read is quick, the whole is not."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _byte in range(50):
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.1)

    def answer_compressed(self, _rest: str) -> None:
        self.answer(200, b"\x1f\x8b", Content_Encoding="gzip")

    def answer_gone(self, _rest: str) -> None:
        self.answer(410, b"gone\x00 away")

    def answer_busy(self, _rest: str) -> None:
        self.answer(429, b"slower", Retry_After="7")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A real HTTP server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        running.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def address(server, settings) -> str:
    """Its address, with requests to this machine allowed."""
    settings.CAPSITE_OUTBOUND_ALLOW = ["127.0.0.1/32"]
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def names(monkeypatch) -> dict[str, list[list[str]]]:
    """A name server of our own: for each name the answers it gives, one after the other."""
    answers: dict[str, list[list[str]]] = {}

    def resolved(host: str, seconds: float) -> list[IPv4Address | IPv6Address]:
        if host not in answers:
            return real(host, seconds)
        given = answers[host]
        return [ip_address(text) for text in (given.pop(0) if len(given) > 1 else given[0])]

    real = resolve.resolve
    monkeypatch.setattr(resolve, "resolve", resolved)
    return answers


@pytest.fixture
def connections(monkeypatch) -> list[tuple[str, int]]:
    """Every address that is connected to; none is reached."""
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def refusal(url: str, **options: object) -> str:
    with pytest.raises(CapsiteError) as caught:
        fetch(url, max_bytes=KB, **options)  # type: ignore[arg-type]
    assert caught.value.field == "url"
    assert caught.value.message.endswith(".")
    return caught.value.code


def test_a_file_is_fetched(address):
    fetched = fetch(f"{address}/photo", max_bytes=KB)
    assert (fetched.data, fetched.content_type) == (b"a photo", "image/jpeg")
    assert fetched.url == f"{address}/photo"


def test_the_name_is_sent_though_the_address_is_connected_to(address, server, names):
    names["photos.example"] = [["127.0.0.1"]]
    port = server.server_address[1]
    fetch(f"http://photos.example:{port}/photo", max_bytes=KB)
    assert server.seen[0][1]["Host"] == f"photos.example:{port}"


def test_proxies_of_the_environment_are_not_used(address, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(f"{address}/photo", max_bytes=KB).data == b"a photo"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.8",
        "168.63.129.16",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:7f00:1::]",
        "[2001:0:1::]",
        "[fd00:ec2::254]",
    ],
)
def test_addresses_of_this_network_are_refused(host):
    assert refusal(f"http://{host}/") == "url_not_allowed"
    with pytest.raises(CapsiteError):
        url_check(target_from(f"http://{host}/"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "photo.jpg",
        "/photo.jpg",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://",
        "http:///x",
        "http://me:secret@example.org/",
        "http://me@example.org/",
        "http://example.org\\@127.0.0.1/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: x",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org:x/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1/",
        "http://example..org/",
        "http://-example.org/",
        "http://" + "a" * 64 + ".org/",
        "http://example.org/" + "a" * 2000,
        "http://example.org/" + "é" * 1900,
        "http://exa\ud800mple.org/",
        "http://example.org/\ud800",
    ],
)
def test_urls_that_leave_something_to_interpret_are_refused(url):
    assert refusal(url) == "url_invalid"


def test_unusual_ports_are_for_named_networks_only(settings, connections):
    assert refusal("http://8.8.8.8:25/") == "url_not_allowed"
    assert refusal("http://8.8.8.8:6379/") == "url_not_allowed"
    assert connections == []
    settings.CAPSITE_OUTBOUND_ALLOW = ["10.1.0.0/16"]
    assert refusal("http://10.1.2.3:6379/") == "url_unreachable"
    assert refusal("http://10.2.0.1/") == "url_not_allowed"
    assert connections == [("10.1.2.3", 6379)]


def test_a_name_with_one_private_address_is_refused_whole(names, connections):
    names["mixed.example"] = [["8.8.8.8", "127.0.0.1"]]
    assert refusal("http://mixed.example/") == "url_not_allowed"
    assert connections == []


def test_a_name_that_changes_its_answer_gains_nothing(names, connections):
    """Rebinding: public when asked first, this machine when asked again."""
    names["rebind.example"] = [["8.8.8.8"], ["127.0.0.1"]]
    assert refusal("http://rebind.example/") == "url_unreachable"
    assert connections == [("8.8.8.8", 80)]  # the checked address, not a second answer
    assert refusal("http://rebind.example/") == "url_not_allowed"
    assert len(connections) == 1


def test_every_address_of_a_name_is_tried(names, connections):
    names["many.example"] = [["2606:4700::1111", "8.8.8.8"]]
    assert refusal("http://many.example/") == "url_unreachable"
    assert connections == [("2606:4700::1111", 80), ("8.8.8.8", 80)]


def test_a_name_without_addresses_passes_the_early_check_alone():
    assert refusal("http://nothing.invalid/") == "url_unreachable"
    url_check(target_from("http://nothing.invalid/"))


def test_redirects_are_followed_and_counted(address):
    found = fetch(f"{address}/to//to//photo", max_bytes=KB)
    assert found.url == f"{address}/photo"
    assert refusal(f"{address}/loop") == "url_unreachable"


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "url_not_allowed"),
        ("http://[::ffff:169.254.169.254]/", "url_not_allowed"),
        ("//localhost.:1/", "url_invalid"),
        ("file:///etc/passwd", "url_invalid"),
        ("http://me:secret@127.0.0.1/", "url_invalid"),
        ("http://2852039166/", "url_invalid"),
    ],
)
def test_where_a_redirect_leads_is_checked_too(address, where, code):
    assert refusal(f"{address}/to/{where}") == code


def test_a_redirect_to_a_name_within_this_network_is_refused(address, names):
    names["intranet.example"] = [["10.0.0.8"]]
    assert refusal(f"{address}/to/http://intranet.example/") == "url_not_allowed"


def test_too_much_is_cut_off(address):
    assert refusal(f"{address}/large") == "url_too_large"
    assert refusal(f"{address}/endless") == "url_too_large"


def test_one_deadline_holds_for_everything(address):
    began = time.monotonic()
    assert refusal(f"{address}/drip", seconds=0.5) == "url_unreachable"
    assert time.monotonic() - began < 2


def test_answers_that_are_no_file_are_refused(address):
    assert refusal(f"{address}/gone") == "url_unreachable"
    assert refusal(f"{address}/compressed") == "url_unreachable"


def test_what_does_not_speak_http_or_tls_is_unreachable(settings):
    settings.CAPSITE_OUTBOUND_ALLOW = ["127.0.0.1/32"]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=_babble, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        assert refusal(f"http://127.0.0.1:{port}/") == "url_unreachable"
        assert refusal(f"https://127.0.0.1:{port}/") == "url_unreachable"


def _babble(listener: socket.socket) -> None:
    for _turn in range(2):
        connection, _address = listener.accept()
        with connection:
            connection.recv(KB)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1))
    made = made.not_valid_after(now + datetime.timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    path = folder / f"{name}.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, kind, plain) + signed.public_bytes(pem))
    return path


def test_the_certificate_must_be_the_names_though_an_address_is_connected_to(
    server, settings, names, tmp_path, monkeypatch
):
    path = certificate(tmp_path, "hooks.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    asked: list[str] = []
    serving.sni_callback = lambda _socket, name, _context: asked.append(name)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(client, "_tls", lambda: trusting)
    settings.CAPSITE_OUTBOUND_ALLOW = ["127.0.0.1/32"]
    names["hooks.example"] = names["other.example"] = [["127.0.0.1"]]
    port = server.server_address[1]

    assert fetch(f"https://hooks.example:{port}/photo", max_bytes=KB).data == b"a photo"
    assert refusal(f"https://other.example:{port}/photo") == "url_unreachable"
    assert refusal(f"https://127.0.0.1:{port}/photo") == "url_unreachable"
    assert asked == ["hooks.example", "other.example", None]


def test_a_certificate_that_nobody_vouches_for_is_refused(server, settings, names, tmp_path):
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate(tmp_path, "hooks.example"))
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    settings.CAPSITE_OUTBOUND_ALLOW = ["127.0.0.1/32"]
    names["hooks.example"] = [["127.0.0.1"]]
    url = f"https://hooks.example:{server.server_address[1]}/photo"
    with pytest.raises(CapsiteError, match="certificate is not valid"):
        fetch(url, max_bytes=KB)


def test_sending_returns_what_was_answered(address, server):
    sent = send(f"{address}/busy", b"{}", {"X-Test": "yes"}, 5)
    assert (sent.status, sent.body_excerpt, sent.retry_after) == (429, "slower", "7")
    assert 0 < sent.seconds < 5
    body, headers = server.seen[0]
    assert (body, headers["X-Test"], headers["User-Agent"][:8]) == (b"{}", "yes", "capsite/")
    assert send(f"{address}/gone", b"", {}, 5).body_excerpt == "gone away"


def test_sending_follows_no_redirect_and_reads_only_the_start(address, server):
    assert send(f"{address}/to/photo", b"", {}, 5).status == 302
    assert len(server.seen) == 1
    assert len(send(f"{address}/endless", b"", {}, 5).body_excerpt) == 2 * KB


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_ipv6_wraps_it(address):
    mapped = IPv6Address(f"::ffff:{address}")
    translated = IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))
    sixtofour = IPv6Address((0x2002 << 112) + (int(address) << 80) + 1)
    for wrapped in (mapped, translated, sixtofour):
        assert endpoint_of(wrapped) == address
        assert is_public(wrapped) == is_public(address)


@given(st.ip_addresses())
def test_nothing_local_is_public(address):
    local = address.is_private or address.is_loopback or address.is_link_local
    if local or address.is_multicast or address.is_reserved or address.is_unspecified:
        real = endpoint_of(address)
        assert not is_public(address) or (real != address and real.is_global)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "//"]))
def test_any_text_is_taken_apart_or_refused(text, start):
    target = None
    with suppress(CapsiteError):
        target = target_from(start + text)
    if target:
        assert target.scheme in {"http", "https"}
        assert target.host.isascii()
        assert 0 < target.port < 65536
