"""A small site to test against: a real HTTP server in a thread that answers as a test tells it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Told:
    """One answer: after ``delay`` seconds, ``trickle`` seconds between its bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    trickle: float = 0.0
    drop: bool = False


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def problem(status: int, code: str, *, headers: dict[str, str] | None = None, **data: Any) -> Told:
    """A problem document as the site writes them."""
    body = {"type": "about:blank", "title": code, "status": status, "detail": code, "code": code}
    kind = {"Content-Type": "application/problem+json"}
    return Told(
        status, body | {"message": f"It is {code}.", "field": ""} | data, kind | (headers or {})
    )


class Talker:
    """Gives the answers it was told in turn (the last one for ever) and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: dict[str, list[Told]] = {}
        self.url = ""
        self._lock = threading.Lock()

    def tell(self, path: str, *answers: Told) -> None:
        """Say what the next requests to a path get."""
        self.answers[path] = list(answers)

    def answer(self, heard: Heard) -> Told:
        """Return the next answer to a request."""
        with self._lock:
            self.heard.append(heard)
            told = self.answers.get(heard.path.partition("?")[0], [])
            if not told:
                return problem(404, "not_found")
            return told.pop(0) if len(told) > 1 else told[0]


@contextmanager
def talking() -> Iterator[Talker]:
    """A talker that listens."""
    talker = Talker()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(talker))
    server.daemon_threads = True
    talker.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield talker
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(talker: Talker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            _write(self, talker.answer(Heard(self.command, self.path, headers, body)))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


def _write(handler: BaseHTTPRequestHandler, told: Told) -> None:
    time.sleep(told.delay)
    if told.drop:
        handler.close_connection = True
        return
    body = b"" if told.body is None else json.dumps(told.body).encode()
    try:
        handler.send_response(told.status)
        for name, value in told.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        step = 1 if told.trickle else max(len(body), 1)
        for at in range(0, len(body), step):
            handler.wfile.write(body[at : at + step])
            time.sleep(told.trickle)
    except OSError:  # the client gave up
        handler.close_connection = True
