"""The throttle of every REST view."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from capsite.gateway.ratelimit import rate_request


class RateThrottle(BaseThrottle):
    """Counts each request; a refusal is raised as RateLimited, in the shape of every other error.

    A view may say what its requests count as: ``rate_scopes = {"POST": "upload"}``. Unless it
    does, what changes nothing is a read and everything else a write.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, or raise."""
        method = request.method or "GET"
        usual = "read" if method in SAFE_METHODS else "write"
        rate_request(request, scope=getattr(view, "rate_scopes", {}).get(method, usual))
        return True
