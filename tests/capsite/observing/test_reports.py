"""Errors reach a Sentry and spans a collector, by setting only, and nobody's data goes along."""

import gzip
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

UNPACK = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
PROGRAM = """
import asyncio, django, sys
django.setup()
import httpx
from capsite.asgi import application
from gallery.views import errors
from django.urls import path
from capsite import urls

def broken(request, number):
    diary = "the secret of Ada"
    raise RuntimeError("It broke.")

urls.urlpatterns.append(path("broken/<int:number>/", broken))

async def visit():
    transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        trace = {"traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"}
        headers = {"X-Request-ID": "request-0042", "Cookie": "sessionid=hunter2", **trace}
        print((await client.get("/broken/7/?q=hunter3", headers=headers)).status_code)
        print((await client.get("/health/ready/")).status_code)

asyncio.run(visit())
if "sentry_sdk" in sys.modules:
    sys.modules["sentry_sdk"].flush(10)
if "opentelemetry.exporter" in sys.modules:
    from opentelemetry import trace
    trace.get_tracer_provider().force_flush(10_000)
print(sorted({"sentry_sdk", "opentelemetry.exporter"} & set(sys.modules)))
"""


@pytest.fixture
def receiver():
    """An HTTP server that keeps what it is sent, by path."""
    kept: list[tuple[str, bytes]] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            unpack = UNPACK[self.headers.get("Content-Encoding", "")]
            kept.append((self.path, unpack(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", kept
    server.shutdown()
    thread.join()
    server.server_close()


def run(**variables: str) -> list[str]:
    given = {"DJANGO_SETTINGS_MODULE": "capsite.settings.test", **variables}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_settings_nothing_is_imported():
    assert run() == ["500", "200", "[]"]


def test_errors_and_spans_arrive_without_personal_data(receiver):
    address, kept = receiver
    told = run(
        CAPSITE_SENTRY_DSN=f"http://key@{address}/1",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}",
        CAPSITE_REVISION="abcdef",
    )
    assert told == ["500", "200", "['opentelemetry.exporter', 'sentry_sdk']"]
    _check_error([body for path, body in kept if path == "/api/1/envelope/"])
    _check_spans([body for path, body in kept if path == "/v1/traces"])
    everything = b"".join(body for _path, body in kept)
    for secret in (b"hunter2", b"hunter3", b"secret of Ada"):
        assert secret not in everything


def _check_error(envelopes: list[bytes]) -> None:
    [envelope] = envelopes
    event = json.loads(envelope.split(b"\n")[2])
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", "It broke.")
    assert event["tags"]["request"] == "request-0042"
    assert event["release"] == "capsite@0.1.0+abcdef"
    assert not {"request", "user", "server_name", "breadcrumbs"} & set(event)


def _check_spans(bodies: list[bytes]) -> None:
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    spans = {
        span.name: span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    broken = spans["GET broken/<int:number>/"]
    assert broken.trace_id.hex() == "ab" * 16  # goes on with its caller's trace
    named = {one.key: one.value for one in broken.attributes}
    assert named["http.response.status_code"].int_value == 500
    assert named["capsite.request"].string_value == "request-0042"
    ready = spans["GET health/ready/"]
    inside = {span.name for span in spans.values() if span.trace_id == ready.trace_id}
    assert {"GET health/ready/", "SELECT"} <= inside


def test_spans_without_their_packages_are_refused_in_a_sentence():
    code = (
        "import sys; sys.modules['opentelemetry.sdk.resources'] = None;"
        "import django; django.setup()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "capsite.settings.test",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install -c constraints.txt -r requirements-otel.txt" in done.stderr
