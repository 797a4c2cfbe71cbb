"""Who may read /metrics: Prometheus, from inside or with a token."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest

SCHEME = "Bearer "
# Whoever writes one of these passed the request on: it comes from further away than it seems.
PASSED_ON = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def require_metrics(request: HttpRequest) -> None:
    """Answer 404 to everybody else, as if there were nothing here."""
    if settings.CAPSITE_METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        wanted = SCHEME + settings.CAPSITE_METRICS_TOKEN
        allowed = hmac.compare_digest(sent.encode(), wanted.encode())
    else:
        passed_on = any(name in request.headers for name in PASSED_ON)
        allowed = not passed_on and _private(request.META.get("REMOTE_ADDR", ""))
    if not allowed:
        raise Http404


def _private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
