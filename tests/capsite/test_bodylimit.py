"""A body that is far too large is cut off while it arrives."""

import json
from typing import Any

import pytest

from capsite.common.bodylimit import limit_body


async def run(
    chunks: list[bytes], *, declared: int | None = None, chunked: bool = False
) -> tuple[int, bytes, list[Any]]:
    """Send ``chunks`` through the limit; return status, body and what the application got."""
    got: list[Any] = []
    sent: list[dict[str, Any]] = []
    left = list(chunks)

    async def app(scope, receive, send):
        while True:
            message = await receive()
            got.append(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def receive():
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    headers = [(b"content-length", str(declared).encode())] if declared is not None else []
    headers += [(b"transfer-encoding", b"chunked")] if chunked else []
    scope = {"type": "http", "headers": headers}
    await limit_body(app, max_bytes=10_000_000)(scope, receive, send)
    return sent[0]["status"], sent[1]["body"], got


async def test_small_bodies_pass():
    assert await run([b"a" * 10, b"b"]) == (200, b"ok", [b"a" * 10, b"b"])


@pytest.mark.parametrize("declared", [10_000_001, None])
async def test_large_bodies_are_413_with_one_sentence(declared):
    status, body, got = await run([b"x" * 6_000_000, b"y" * 6_000_000], declared=declared)
    error = json.loads(body)
    assert status == 413
    assert error["code"] == "request_too_large"
    assert error["message"] == "This request is too large. The limit is 9 MB."
    assert sum(map(len, got)) <= 10_000_000


async def test_chunked_bodies_arrive_whole_and_are_limited_too():
    assert await run([b"a" * 10, b"b"], chunked=True) == (200, b"ok", [b"a" * 10 + b"b"])
    status, _body, got = await run([b"x" * 6_000_000, b"y" * 6_000_000], chunked=True)
    assert (status, got) == (413, [])


async def test_sockets_are_not_touched():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    await limit_body(app, max_bytes=1)({"type": "websocket", "headers": []}, None, None)
    assert seen == ["websocket"]
