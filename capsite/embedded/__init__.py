"""PostgreSQL and Valkey out of their wheels, for one machine: nothing here knows Django."""

from capsite.embedded.addresses import database_url, redis_url
from capsite.embedded.errors import EmbeddedError
from capsite.embedded.postgres import EmbeddedPostgres
from capsite.embedded.server import EmbeddedServer
from capsite.embedded.valkey import EmbeddedValkey

__all__ = [
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedServer",
    "EmbeddedValkey",
    "database_url",
    "redis_url",
]
