"""Cuts off request bodies that are far too large while they arrive, before Django spools them."""

import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _

from capsite.common.errors import PROBLEM_JSON, CapsiteError, problem_body

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyTooLarge(Exception):
    """More bytes arrived than the limit allows."""


def limit_body(app: App, *, max_bytes: int) -> App:
    """Wrap an ASGI application: a body above ``max_bytes`` is answered with 413 and not stored."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        if _declared_length(scope) > max_bytes:
            return await _refuse(scope, send, max_bytes)
        receive = _counting(receive, max_bytes)
        try:
            if not _has(scope, b"content-length") and _has(scope, b"transfer-encoding"):
                scope, receive = await _measured(scope, receive)
            return await app(scope, receive, send)
        except BodyTooLarge:
            return await _refuse(scope, send, max_bytes)

    return limited


async def _measured(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """Take in a chunked body and say its length, without which Django reads no form."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    length = (b"content-length", str(len(body)).encode())
    whole = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replayed() -> dict[str, Any]:
        return next(whole, None) or await receive()

    return scope | {"headers": [*scope["headers"], length]}, replayed


def _has(scope: Scope, name: bytes) -> bool:
    return any(header == name for header, _value in scope["headers"])


def _declared_length(scope: Scope) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


def _counting(receive: Receive, max_bytes: int) -> Receive:
    seen = 0

    async def counted() -> dict[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise BodyTooLarge
        return message

    return counted


async def _refuse(scope: Scope, send: Send, max_bytes: int) -> None:
    whole = {"path": "/", "method": "POST"} | scope
    with override(get_language_from_request(ASGIRequest(whole, BytesIO()))):
        sentence = _("This request is too large. The limit is %(limit)d MB.")
    message = sentence % {"limit": max_bytes // 1_048_576}
    error = CapsiteError("request_too_large", message, status=413)
    api = scope.get("path", "").startswith("/api/")
    body = json.dumps(problem_body(error) if api else error.as_dict()).encode()
    kind = PROBLEM_JSON if api else "application/json"
    headers = [(b"content-type", kind.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
