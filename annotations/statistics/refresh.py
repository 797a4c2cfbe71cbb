"""Fills the materialized views again, while everybody goes on reading what was there."""

from django.db import connection, transaction

from annotations.statistics.models import CaptionsOfDay, EditsOfDay, LastRefresh, VotesOfDay

VIEWS = (CaptionsOfDay, VotesOfDay, EditsOfDay, LastRefresh)
LOCK = 7_230_001  # any number that nothing else in this database locks


def figures_refresh() -> bool:
    """Refresh every view in one transaction; return False where another process is at it.

    The lock is the transaction's, so it also works behind a pool of connections, and ends with a
    process that dies.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return False
        for view in VIEWS:
            name = connection.ops.quote_name(view._meta.db_table)
            cursor.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}")
    return True
