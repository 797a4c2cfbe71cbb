"""Measures search over 100,000 generated captions: `python -m tests.load.search`.

It makes a PostgreSQL of its own, fills it, asks each query several times and prints the
milliseconds inside the database (EXPLAIN ANALYZE) with the plan of the slowest.
"""

import argparse
import math
import os
import platform
import re
import statistics
from typing import Any

from tests.load.servers import throw_away_servers

QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("man", {}),
    ("do", {}),
    ("dog", {}),
    ("elephant", {}),
    ("elefant", {}),
    ("snowbording", {}),
    ("accordion", {}),
    ("a", {}),
    ("a man on the street", {}),
    ("dog running on the beach", {}),
    ("old fisherman in the harbour", {}),
    ("young woman riding a bicycle near the lake", {}),
    ("grey elephant", {}),
    ("red umbrela", {}),
    ("walkin on the beach", {}),
    ("man with a guitar on the streat", {}),
    ("zeppelin", {}),
    ("dog", {"strategy": "beam", "min_confidence": 0.7}),
    ("woman", {"language": "en"}),
]


def main() -> None:
    """Fill a throw-away database, ask, and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=10_000)
    options.add_argument("--captions-each", type=int, default=10)
    options.add_argument("--times", type=int, default=7)
    asked = options.parse_args()
    with throw_away_servers():
        from django.core.management import call_command
        from django.db import connection

        from tests.load.rows import fill

        call_command("migrate", verbosity=0)
        fill(photos=asked.photos, captions_each=asked.captions_each)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        report(asked.times)
        connection.close()


def report(times: int) -> None:
    """Print every query's median, all of them together, and the plan of the slowest."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, {times} runs a query")
    everything: list[float] = []
    slowest: tuple[float, list[str]] = (0.0, [])
    for text, filters in QUERIES:
        statements, photos = asked_for(text, filters)
        spent = [sum(map(milliseconds, statements)) for _each in range(times)]
        everything += spent
        slowest = max(slowest, (statistics.median(spent), statements))
        named = " ".join(f"{name}={value}" for name, value in filters.items())
        figures = (
            f"{statistics.median(spent):8.1f} ms, {len(statements)} queries, {photos:3} photos"
        )
        print(f"{figures}  {text} {named}")
    ranked = sorted(everything)
    p95 = ranked[math.ceil(0.95 * len(ranked)) - 1]
    print(f"median {statistics.median(ranked):.1f} ms, p95 {p95:.1f} ms, most {ranked[-1]:.1f} ms")
    print("What the slowest of them does:")
    for statement in slowest[1]:
        print("\n".join(explained(statement, "ANALYZE, COSTS OFF")))


def asked_for(text: str, filters: dict[str, Any]) -> tuple[list[str], int]:
    """Search for the first page, and return the SQL it took and how many photos there are."""
    from django.contrib.auth.models import AnonymousUser
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from annotations.search import Filters, search

    with CaptureQueriesContext(connection) as captured:
        found = search(AnonymousUser(), text=text, filters=Filters(**filters))
        list(found[:31])
    return [query["sql"] for query in captured], found.count()


def milliseconds(statement: str) -> float:
    """Return the time inside the database, planning included."""
    lines = explained(statement, "ANALYZE, TIMING OFF")
    return sum(float(re.sub(r"[^\d.]", "", line)) for line in lines if " Time: " in line)


def explained(statement: str, options: str) -> list[str]:
    """Return the lines of PostgreSQL's plan."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {statement.replace('%', '%%')}", [])
        return [row[0] for row in cursor.fetchall()]


if __name__ == "__main__":
    main()
