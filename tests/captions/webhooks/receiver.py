"""A receiver as people write them: it checks signatures and works on every event once."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from captions.webhooks import signing

# Takes the server and answers a request: a status, headers, and how long to think first.
Answer = tuple[int, dict[str, str], float]
OK: Answer = (200, {}, 0)


class Receiver(ThreadingHTTPServer):
    """Answers with ``answers`` one after the other, then with 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secret = ""
        self.answers: list[Answer] = []
        self.requests: list[dict[str, Any]] = []  # everything that came, in its order
        self.processed: list[str] = []  # the event ids that were worked on
        self.unsigned = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def take(self, headers: Any, body: bytes) -> Answer:
        """Check, work on what is new, and say what to answer."""
        good = signing.verify(
            secret=self.secret,
            signature=headers["X-Signature-256"],
            timestamp=headers["X-Capsite-Timestamp"],
            body=body,
        )
        with self.lock:
            answer = self.answers.pop(0) if self.answers else OK
            self.requests.append({"headers": headers, "body": body, "answer": answer[0]})
            if not good:
                self.unsigned += 1
                return (401, {}, 0)
            event_id = headers["X-Capsite-Delivery"]
            if answer[0] == 200 and event_id not in self.processed:
                self.processed.append(event_id)
        return answer

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(request["body"]) for request in self.requests]

    def wait(self, happened: Callable[[], bool], seconds: float = 20) -> None:
        """Return once ``happened()``."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, "nothing arrived"
            time.sleep(0.02)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that went away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, seconds = self.server.take(self.headers, body)
        time.sleep(seconds)
        text = b"taken" if status == 200 else b"not now"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""
