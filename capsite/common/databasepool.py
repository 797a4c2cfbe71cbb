"""A pool of PostgreSQL connections for the web process, and for no other.

Under ASGI each request has a thread of its own and would open a connection of its own, which costs
more than most requests (docs/operations.md). Celery, when a worker starts, closes the sockets of
open connections behind their backs (celery.fixups.django): a pool would hand those out again.
"""

from typing import Any

ENGINE = "capsite.common.pooled"
# As many again may be open while many requests meet; beyond that they wait for one another, which
# answers sooner than hundreds of queries at once, and PostgreSQL refuses nobody for their number.
OVERFLOW = 2
PATIENCE_SECONDS = 30


def pool_connections(databases: dict[str, dict[str, Any]], size: int) -> None:
    """Let the default database keep ``size`` connections; 0 leaves it alone.

    To be called before Django is set up. OVERFLOW times as many more are opened while all are in
    use, and closed again; who waits longer than PATIENCE_SECONDS is told that the site is busy.
    """
    if size:
        options = {
            "POOL_SIZE": size,
            "MAX_OVERFLOW": OVERFLOW * size,
            "TIMEOUT": PATIENCE_SECONDS,
        }
        databases["default"] |= {"ENGINE": ENGINE, "POOL_OPTIONS": options}
