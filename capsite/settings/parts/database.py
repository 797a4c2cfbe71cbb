"""PostgreSQL: DATABASE_URL, or the embedded server under the var directory."""

from capsite.embedded import database_url
from capsite.settings import env

# Connections the web process keeps open for its threads (capsite/common/databasepool.py).
CAPSITE_DATABASE_POOL = env.integer("CAPSITE_DATABASE_POOL", 8, minimum=0, maximum=200)

DATABASES = {"default": env.database("DATABASE_URL", database_url(env.VAR_DIR))}
DATABASES["default"]["ATOMIC_REQUESTS"] = False  # services open the transactions they need
DATABASES["default"]["CONN_MAX_AGE"] = 0  # under ASGI each request has a thread of its own
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5
# PgBouncer in transaction mode cannot keep a cursor open across transactions.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
