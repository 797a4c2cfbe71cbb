"""Fetches what a URL leads to, and sends a body to one; each within one deadline."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.outbound.urls import Target, target_from
from capsite.common.outbound.wire import Deadline, GuardedBackend

REDIRECTS = 3
EXCERPT_BYTES = 2048
_MOVED = {301, 302, 303, 307, 308}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # PostgreSQL keeps no NUL, people read none


@dataclass(frozen=True)
class Fetched:
    """What a URL led to; ``url`` is where it was found after redirects."""

    data: bytes
    content_type: str
    url: str


@dataclass(frozen=True)
class Sent:
    """What a receiver answered, and after how long."""

    status: int
    body_excerpt: str
    seconds: float
    retry_after: str = ""


def fetch(url: str, *, max_bytes: int, seconds: float = 10) -> Fetched:
    """Return what ``url`` leads to, following a few redirects, each checked like the first.

    Raises CapsiteError ``url_invalid``, ``url_not_allowed``, ``url_unreachable`` or
    ``url_too_large``, with ``field="url"``.
    """
    deadline, target = Deadline(seconds), target_from(url)
    for _hop in range(REDIRECTS + 1):
        with _exchange("GET", target, deadline, {"Accept": "*/*"}) as response:
            headers = httpx.Headers(response.headers)
            if response.status not in _MOVED:
                data = _whole_body(response, headers, max_bytes)
                return Fetched(data, headers.get("content-type", ""), str(target.url))
            target = _next(target, headers.get("location", ""))
    raise _unreachable(_("The URL redirects too often; %(most)d times are followed."), REDIRECTS)


def send(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Sent:
    """Post ``body``, follow no redirect, and return the answer, whatever its status.

    Raises CapsiteError as ``fetch`` does when there is no answer.
    """
    began, deadline, target = time.monotonic(), Deadline(seconds), target_from(url)
    with _exchange("POST", target, deadline, headers, body) as response:
        excerpt = _excerpt(response)
        answered = httpx.Headers(response.headers)
    took = time.monotonic() - began
    return Sent(response.status, excerpt, took, answered.get("retry-after", ""))


@contextmanager
def _exchange(
    method: str,
    target: Target,
    deadline: Deadline,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Iterator[httpcore.Response]:
    ours = {
        "User-Agent": f"capsite/{settings.VERSION}",
        "Accept-Encoding": "identity",  # a few compressed bytes could become many
        "Connection": "close",
    }
    pool = httpcore.ConnectionPool(
        ssl_context=_tls(), network_backend=GuardedBackend(deadline), retries=0
    )
    url = httpcore.URL(
        scheme=target.url.raw_scheme,
        host=target.host,
        port=target.url.port,
        target=target.url.raw_path,
    )
    try:
        every = [*ours.items(), *headers.items()]
        with pool, pool.stream(method, url, headers=every, content=body) as response:
            yield response
    except httpcore.TimeoutException as error:
        raise _unreachable(_("The URL did not answer in time.")) from error
    except httpcore.NetworkError as error:
        raise _unreachable(_("The URL cannot be reached: %(why)s."), _(str(error))) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise _unreachable(_("What answers at the URL does not speak HTTP.")) from error


@cache
def _tls() -> SSLContext:
    """Trust the usual authorities, or those of SSL_CERT_FILE; made once, since it costs 20 ms."""
    return httpx.create_ssl_context()


def _next(target: Target, location: str) -> Target:
    if not location:
        raise _unreachable(_("The URL redirects to nowhere."))
    try:
        joined = str(target.url.join(location))
    except (httpx.InvalidURL, ValueError):
        raise _unreachable(_("The URL redirects to something that is no URL.")) from None
    return target_from(joined)


def _whole_body(response: httpcore.Response, headers: httpx.Headers, max_bytes: int) -> bytes:
    if response.status != 200:
        text = _("The URL answered with status %(why)s instead of a file.")
        raise _unreachable(text, response.status)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _unreachable(_("The URL answered compressed although that was not asked for."))
    announced = headers.get("content-length", "")
    if announced.isdigit() and len(announced) < 20 and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    data = bytearray()
    for chunk in response.iter_stream():
        data += chunk
        if len(data) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(data)


def _excerpt(response: httpcore.Response) -> str:
    """Return the start of an answer; one that breaks off or dawdles was an answer all the same."""
    data = bytearray()
    try:
        for chunk in response.iter_stream():
            data += chunk
            if len(data) >= EXCERPT_BYTES:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass
    return _CONTROL.sub("", bytes(data[:EXCERPT_BYTES]).decode("utf-8", "replace"))


def _unreachable(message: str, why: object = "") -> CapsiteError:
    text = message % {"why": why, "most": why} if why != "" else message
    return CapsiteError("url_unreachable", text, status=422, field="url")


def _too_large(max_bytes: int) -> CapsiteError:
    text = _("What the URL leads to is larger than %(most)d bytes.") % {"most": max_bytes}
    return CapsiteError("url_too_large", text, status=413, field="url", max_bytes=max_bytes)
