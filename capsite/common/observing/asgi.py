"""The outermost ASGI layer: gives each request its id, and counts and times what goes through.

No Django middleware could: it would either miss what others answer before it (static files, bodies
that are too large) or, being asynchronous, cost every request a change of threads.
"""

import logging
import re
import time
import uuid
from typing import Any

from django.conf import settings

from capsite.common.bodylimit import App, Receive, Scope, Send
from capsite.common.observing.spans import server_span
from capsite.common.observing.trail import Visit, visit
from capsite.common.observing.web import (
    REQUEST_SECONDS,
    REQUESTS,
    SOCKET_MESSAGES,
    SOCKETS,
    method_label,
)

ACCESS = logging.getLogger("capsite.access")
HEADER = b"x-request-id"
CLIENT_GONE = 499
# What is asked every few seconds or by the dozen has no line of its own while it goes well.
QUIET = frozenset({"static", "metrics", "health/live/", "health/ready/"})
_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")
_SOCKETS = {"/ws/gallery/": "gallery", "/ws/graphql/": "graphql"}


def observed(app: App) -> App:
    """Wrap the whole application."""

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _http(app, scope, receive, send)
        elif scope["type"] == "websocket":
            await _socket(app, scope, receive, send)
        else:
            await app(scope, receive, send)

    return watched


async def _http(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    began, status = time.perf_counter(), CLIENT_GONE  # unless an answer begins
    here = Visit(_request_id(scope))
    header = (HEADER, here.request_id.encode())

    async def noted(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message = message | {"headers": [*message.get("headers", ()), header]}
        await send(message)

    token = visit.set(here)
    try:
        with server_span(scope) as span:
            try:
                await app(scope, receive, noted)
            except Exception:
                status = 500
                raise
            finally:
                _count(scope, here, status, time.perf_counter() - began, span)
    finally:
        visit.reset(token)


async def _socket(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    name = _SOCKETS.get(scope["path"], "other")
    gauge, messages, is_open = SOCKETS.labels(name), SOCKET_MESSAGES.labels(name), False

    async def noted(message: dict[str, Any]) -> None:
        nonlocal is_open
        if message["type"] == "websocket.send":
            messages.inc()
        elif message["type"] == "websocket.accept" and not is_open:
            is_open = True
            gauge.inc()
        await send(message)

    token = visit.set(Visit(_request_id(scope)))
    try:
        await app(scope, receive, noted)
    finally:
        visit.reset(token)
        if is_open:
            gauge.dec()


def _request_id(scope: Scope) -> str:
    """Return the id that a proxy or program gave the request, if it is a plain one, or a new."""
    for name, value in scope["headers"]:
        if name == HEADER and _ID.match(value):
            return str(value.decode())
    return uuid.uuid4().hex


def _count(scope: Scope, here: Visit, status: int, seconds: float, span: Any) -> None:
    method, route = method_label(scope["method"]), here.route or _nowhere(scope)
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    if span is not None:
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.route": route, "http.response.status_code": status})
    quiet = status < 500 and route in QUIET
    if not quiet and ACCESS.isEnabledFor(logging.INFO):
        named = {"method": method, "route": route, "status": status}
        named["milliseconds"] = round(seconds * 1000, 1)
        ACCESS.info("%s %s %d", method, route, status, extra={"facts": named})
    here.request = None  # what still runs in this context must not keep the request


def _nowhere(scope: Scope) -> str:
    """Return the label of what no view answered."""
    return "static" if scope["path"].startswith(settings.STATIC_URL) else "none"
