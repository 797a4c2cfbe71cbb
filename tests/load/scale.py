"""A million photos, five million captions: `python -m tests.load.scale` plans the main queries.

It fills a PostgreSQL of its own (or keeps one with --keep), asks every page and prints the
milliseconds inside the database, then how the slowest query of each page is answered. The exit code
is 1 when a page takes longer than --most, or reads a large table from end to end.
"""

import argparse
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tests.load.search import explained, milliseconds
from tests.load.servers import throw_away_servers

CHUNK = 20_000
# PostgreSQL copies rows faster than Python writes them: all but a fifth are copies, with keys and
# moments of their own.
COPIES = 4
COPY = """INSERT INTO {table} SELECT copy.* FROM {table} old, generate_series(1, {copies}) n,
LATERAL jsonb_populate_record(old, jsonb_build_object('id', md5(old.id::text || n)::uuid,
    {more}, 'created_at', old.created_at - n * interval '7 minutes')) copy"""
COPIED = {
    "gallery_image": "'sha256', encode(sha256((old.sha256 || n)::bytea), 'hex')",
    "captions_caption": "'image_id', md5(old.image_id::text || n)::uuid",
    "annotations_annotation": "'image_id', md5(old.image_id::text || n)::uuid",
}
TIMES = 3
READ_WHOLE = re.compile(r"Seq Scan on (\w+).*?\(actual .*?rows=([\d.]+) loops=(\d+)\)")
LARGE_ROWS = 100_000
# Writing five million rows twice into eight indexes takes longer than making those afterwards.
INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'captions_caption'::regclass AND NOT indisunique"""
TABLES = """SELECT relname, reltuples::bigint, pg_total_relation_size(oid), pg_indexes_size(oid)
FROM pg_class WHERE relkind IN ('r', 'm') AND reltuples >= 100000 ORDER BY 3 DESC"""


def main() -> int:
    """Fill, ask, print, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=1_000_000)
    options.add_argument("--captions-each", type=int, default=5)
    options.add_argument("--most", type=float, default=200.0, help="milliseconds of a page (200)")
    asked = options.parse_args()
    with throw_away_servers():
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        call_command("first_run", no_demo=True, verbosity=0)
        fill_in_chunks(asked.photos, asked.captions_each)
        sizes()
        held = report(asked.most)
        connection.close()
    return int(not held)


def fill_in_chunks(photos: int, captions_each: int) -> None:
    """Write the rows, some thousand photos at a time, and say how long it took."""
    from django.db import connection

    from tests.load.people import lived_in, people
    from tests.load.rows import fill

    began = time.perf_counter()
    people(photos)
    with captions_without_indexes():
        written = photos // (COPIES + 1)
        for first in range(0, written, CHUNK):
            fill(photos=min(CHUNK, written - first), captions_each=captions_each, first=first)
        print(f"{written:,} photos after {time.perf_counter() - began:.0f} s", flush=True)
        copy()
        print(f"{photos:,} photos after {time.perf_counter() - began:.0f} s", flush=True)
        lived_in()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    spent = time.perf_counter() - began
    print(f"{photos:,} photos, {photos * captions_each:,} captions: filled in {spent:.0f} s")


def copy() -> None:
    """Write COPIES more of every photo, with its captions and text."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table, more in COPIED.items():
            cursor.execute(COPY.format(table=table, copies=COPIES, more=more))
            cursor.execute(f"ANALYZE {table}")


@contextmanager
def captions_without_indexes() -> Iterator[None]:
    """Drop what only finds captions, and their triggers' work, while the body writes them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _made in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET work_mem = '256MB'")
        yield
        cursor.execute("RESET ALL")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _name, made in indexes:
            cursor.execute(made)


def sizes() -> None:
    """Print the large tables: rows, and megabytes with and of their indexes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        print("\n| table | rows | MB in all | MB of indexes |\n|---|---|---|---|")
        for name, rows, total, indexes in cursor.fetchall():
            print(f"| {name} | {rows:,} | {total / 2**20:.0f} | {indexes / 2**20:.0f} |")


def report(most: float) -> bool:
    """Print a line a page and the plan of its slowest query; tell whether every page held."""
    from tests.load.addresses import asked_of, pages_of

    print(f"\n{platform.machine()}, {os.cpu_count()} cores, shared_buffers {shared_buffers()}\n")
    print("| page | queries | ms, median | ms, most | |\n|---|---|---|---|---|")
    held, plans = True, []
    for name, addresses in pages_of(6).items():
        asked = [asked_of(name, address) for address in addresses]
        spent = [total(statements) for statements in asked for _each in range(TIMES)]
        slowest = max((query for statements in asked for query in statements), key=milliseconds)
        plan = explained(slowest, "ANALYZE, COSTS OFF, TIMING OFF")
        whole = sorted(set(read_whole(plan)))
        reasons = [f"over {most:.0f} ms"] if max(spent) > most else []
        reasons += [f"reads all of {table}" for table in whole]
        held = held and not reasons
        figures = f"{statistics.median(spent):.1f} | {max(spent):.1f}"
        verdict = ", ".join(reasons) or "holds"
        print(f"| {name} | {max(map(len, asked))} | {figures} | {verdict} |", flush=True)
        plans.append((name, plan))
    for name, plan in plans:
        print(f"\n{name}:\n" + "\n".join(plan))
    return held


def total(statements: Iterable[str]) -> float:
    """Return the milliseconds that a page's queries take inside the database."""
    return sum(map(milliseconds, statements))


def read_whole(plan: Iterable[str]) -> Iterable[str]:
    """Return the tables of which a sequential scan reads many rows."""
    for line in plan:
        if found := READ_WHOLE.search(line):
            table, rows, loops = found.groups()
            if float(rows) * int(loops) >= LARGE_ROWS:
                yield table


def shared_buffers() -> str:
    """Return what PostgreSQL keeps in memory itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW shared_buffers")
        return str(cursor.fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
