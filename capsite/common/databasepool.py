"""A pool of PostgreSQL connections for the web process, and for no other.

Under ASGI each request has a thread of its own and would open a connection of its own, which costs
more than most requests (docs/operations.md). Celery, when a worker starts, closes the sockets of
open connections behind their backs (celery.fixups.django): a pool would hand those out again.
"""

from typing import Any

ENGINE = "dj_db_conn_pool.backends.postgresql"


def pool_connections(databases: dict[str, dict[str, Any]], size: int) -> None:
    """Let the default database keep ``size`` connections; 0 leaves it alone.

    To be called before Django is set up. More are opened while all are in use, and closed again,
    so nobody waits for one.
    """
    if size:
        options = {"POOL_SIZE": size, "MAX_OVERFLOW": -1}
        databases["default"] |= {"ENGINE": ENGINE, "POOL_OPTIONS": options}
