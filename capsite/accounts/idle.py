"""Signs a browser out that nobody has used for a while: its session ends unless activity renews it.

The end is the session's own expiry, so that pages, APIs and sockets all see it without asking.
"""

import time
from http import HTTPStatus
from typing import Any

from allauth.headless.constants import Client
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

UNTIL = "idle_until"
EXPIRY = "_session_expiry"  # where SessionBase.set_expiry keeps it
# What pages fetch by themselves is no sign of life.
BY_ITSELF = {"image", "script", "style", "font", "manifest", "serviceworker"}


def seconds_left(session: SessionBase) -> int:
    """Return how long the session lasts if nobody does anything."""
    return max(0, round(session.get(UNTIL, 0) - time.time()))


def warning_seconds() -> int:
    """Return how long before the end the warning comes."""
    return min(int(settings.CAPSITE_IDLE_WARNING_SECONDS), int(settings.CAPSITE_IDLE_SECONDS) // 2)


def renew(session: SessionBase) -> None:
    """Give the session its whole time again."""
    session[UNTIL] = time.time() + settings.CAPSITE_IDLE_SECONDS
    session.set_expiry(settings.CAPSITE_IDLE_SECONDS)


def begin(request: HttpRequest) -> None:
    """Start the clock for a browser that has just signed in; programs have none."""
    client = getattr(getattr(getattr(request, "allauth", None), "headless", None), "client", None)
    if settings.CAPSITE_IDLE_SECONDS and client != Client.APP:
        renew(request.session)


class IdleMiddleware(MiddlewareMixin):
    """Renews the session of whoever does something, and writes it at most every half minute."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Renew a session that this request has read anyway."""
        session: Any = getattr(request, "session", None)
        if not settings.CAPSITE_IDLE_SECONDS or session is None or not session.accessed:
            return response
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return response  # the session itself may be what could not be read
        if SESSION_KEY in session and _is_activity(request) and _is_due(session):
            renew(session)
        return response


def _is_activity(request: HttpRequest) -> bool:
    fetched = request.headers.get("X-Requested-With") == "fetch"
    return not fetched and request.headers.get("Sec-Fetch-Dest") not in BY_ITSELF


def _is_due(session: SessionBase) -> bool:
    """Also when something else, such as signing in, has set another expiry."""
    whole = settings.CAPSITE_IDLE_SECONDS
    used = session.get(UNTIL, 0) < time.time() + whole - min(30, whole / 10)
    return used or session.get(EXPIRY) != whole
