"""PostgreSQL: DATABASE_URL, or the embedded server under the var directory."""

from capsite.embedded import database_url
from capsite.settings import env

# Connections a process keeps open for its threads. Under ASGI each request has a thread of its own
# and would open one of its own, which costs more than most requests (docs/operations.md).
CAPSITE_DATABASE_POOL = env.integer("CAPSITE_DATABASE_POOL", 8, minimum=0, maximum=200)

DATABASES = {"default": env.database("DATABASE_URL", database_url(env.VAR_DIR))}
DATABASES["default"]["ATOMIC_REQUESTS"] = False  # services open the transactions they need
DATABASES["default"]["CONN_MAX_AGE"] = 0  # what a thread closes goes back to the pool
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
# PgBouncer in transaction mode cannot keep a cursor open across transactions.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True

if CAPSITE_DATABASE_POOL:
    DATABASES["default"]["ENGINE"] = "dj_db_conn_pool.backends.postgresql"
    # More are opened while all are in use, and closed again: nobody waits for one.
    DATABASES["default"]["POOL_OPTIONS"] = {"POOL_SIZE": CAPSITE_DATABASE_POOL, "MAX_OVERFLOW": -1}
