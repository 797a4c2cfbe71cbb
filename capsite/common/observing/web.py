"""What a web process counts: requests, how long they take, and open sockets."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter(
    "capsite_http_requests", "Requests that were answered.", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "capsite_http_request_seconds",
    "From a request's arrival to the last byte of its answer.",
    ["method", "route"],
    buckets=SECONDS,
)
SOCKETS = Gauge(
    "capsite_sockets_open",
    "WebSockets that are open.",
    ["socket"],
    multiprocess_mode="livesum",
)
SOCKET_MESSAGES = Counter(
    "capsite_socket_messages", "Messages that left on WebSockets.", ["socket"]
)


def method_label(method: str) -> str:
    """Return the method, or ``other``: who asks may write anything there."""
    return method if method in METHODS else "other"
