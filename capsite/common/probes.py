"""What asks from inside a deployment names pods and addresses, not the hosts of the site."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

ADDRESSES = ("/health/live/", "/health/ready/", "/version/", "/metrics")


class ProbeHostMiddleware(MiddlewareMixin):
    """Lets probes and Prometheus in whatever host they name; no answer of theirs repeats it."""

    def process_request(self, request: HttpRequest) -> None:
        """Put a host of the site in the place of theirs."""
        if request.path in ADDRESSES:
            first = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
            request.META["HTTP_HOST"] = "localhost" if first == "*" else first.lstrip(".")
