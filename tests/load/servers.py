"""A PostgreSQL and a Valkey in a folder that goes, and Django set up to use them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def throw_away_servers() -> Iterator[Path]:
    """Start both, and return the folder that holds all they write."""
    from capsite.embedded import EmbeddedPostgres, EmbeddedValkey, database_url, redis_url

    with tempfile.TemporaryDirectory(prefix="capsite-load-") as name:
        var = Path(name) / "var"
        var.mkdir()
        servers = [EmbeddedPostgres(var), EmbeddedValkey(var)]
        os.environ |= {
            "CAPSITE_VAR": str(var),
            "DATABASE_URL": database_url(var),
            "REDIS_URL": redis_url(var),
            "DJANGO_SETTINGS_MODULE": "capsite.settings.dev",
            "CAPSITE_RATE_FACTOR": "1000",
            "CAPSITE_DATABASE_POOL": "0",  # PostgreSQL copies no database that somebody uses
        }
        try:
            for server in servers:
                server.prepare()
                server.start()
                server.wait_ready(60)
            import django

            django.setup()
            yield var
        finally:
            for server in servers:
                server.stop()
