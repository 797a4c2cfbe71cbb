"""Measures every page at two sizes of the site, side by side: `python -m tests.load.pages`.

Two databases are filled, one with a tenth of the other's photos; each gets a web server, and the
same pages are asked of both in turns, so that whatever else the machine does slows both alike.
"""

import argparse
import gc
import math
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.load.servers import throw_away_servers

PROJECT = Path(__file__).resolve().parents[2]
MOST_MS = 200.0
MOST_RATIO = 1.3
EACH = 12  # addresses of a page, so that no single row is measured
SMALL, LARGE = "capsite_small", "capsite"


@dataclass(frozen=True)
class Measured:
    """One size of the site: its server, and what its pages are."""

    database: str
    photos: int
    pages: dict[str, list[str]]
    queries: dict[str, int]
    sessions: dict[str, str]


def main() -> None:
    """Fill, measure, and print a line for each page; the exit code says whether all held."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=10_000)
    options.add_argument("--captions-each", type=int, default=10)
    options.add_argument("--requests", type=int, default=60, help="of each page, at each size")
    asked = options.parse_args()
    with throw_away_servers() as var:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("first_run", no_demo=True, verbosity=0)
        small = measured(SMALL, 0, asked.photos // 10, asked.captions_each)
        copy_database(SMALL)
        large = measured(LARGE, small.photos, asked.photos, asked.captions_each)
        show_plan()
        with ExitStack() as stack:
            addresses = {
                size.database: stack.enter_context(web_server(var, size.database))
                for size in (small, large)
            }
            held = report(small, large, timed([small, large], addresses, asked.requests))
    sys.exit(0 if held else 1)


def measured(database: str, first: int, photos: int, captions_each: int) -> Measured:
    """Fill the database up to so many photos, and count the queries of every page."""
    from django.db import connection

    from tests.load.addresses import pages_of, queries_of, sessions_of
    from tests.load.people import lived_in, people
    from tests.load.rows import fill

    began = time.perf_counter()
    people(photos)
    fill(photos=photos - first, captions_each=captions_each, first=first)
    lived_in()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    spent = time.perf_counter() - began
    print(f"{photos:,} photos, {photos * captions_each:,} captions: filled in {spent:.0f} s")
    pages = pages_of(EACH)
    # The most queries of any: over more of them, so that both sizes have one of each kind.
    queries = queries_of(pages_of(5 * EACH))
    return Measured(database, photos, pages, queries, sessions_of())


def copy_database(name: str) -> None:
    """Keep the database as it is under another name."""
    from django.db import connection

    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {LARGE}")


@contextmanager
def web_server(var: Path, database: str) -> Iterator[str]:
    """Run the site's web process on a database, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = os.environ["DATABASE_URL"].replace(f"/{LARGE}?", f"/{database}?")
    command = [sys.executable, "-m", "uvicorn", "capsite.asgi:application", "--port", str(port)]
    options = ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
    environment = os.environ | {"DATABASE_URL": url}
    del environment["CAPSITE_DATABASE_POOL"]
    process = subprocess.Popen([*command, *options], cwd=PROJECT, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _try in range(200):
            try:
                requests.get(f"{address}/health/live/", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def timed(
    sizes: list[Measured], addresses: dict[str, str], times: int
) -> dict[str, dict[str, list[float]]]:
    """Ask every page so often of both servers in turns; milliseconds by database and page."""
    from tests.load.addresses import PEOPLE

    spent: dict[str, dict[str, list[float]]] = {size.database: defaultdict(list) for size in sizes}
    clients = {size.database: requests.Session() for size in sizes}
    gc.collect()
    gc.freeze()  # the rows written before, or every collection of ours would be somebody's wait
    for turn in range(-2, times):  # the first two warm up
        for name in sizes[0].pages:
            for size in sizes if turn % 2 else reversed(sizes):
                paths = size.pages[name]
                cookies = {"sessionid": size.sessions[who]} if (who := PEOPLE.get(name)) else {}
                url = addresses[size.database] + paths[turn % len(paths)]
                began = time.perf_counter()
                answer = clients[size.database].get(url, cookies=cookies, allow_redirects=False)
                took = (time.perf_counter() - began) * 1000
                if answer.status_code != 200:
                    raise SystemExit(f"{name}: {url} answered {answer.status_code}")
                if turn >= 0:
                    spent[size.database][name].append(took)
    return spent


def report(small: Measured, large: Measured, spent: dict[str, dict[str, list[float]]]) -> bool:
    """Print the table, and tell whether every page held."""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load averages {load} at the end")
    print(f"{small.photos:,} against {large.photos:,} photos; milliseconds, p50 and p95 of each")
    print("| page | queries | p50 small | p95 small | p50 large | p95 large | ratio | |")
    print("|---|---|---|---|---|---|---|---|")
    held = True
    for name in small.pages:
        few, many = spent[small.database][name], spent[large.database][name]
        ratio = p95(many) / p95(few)
        counts = [small.queries[name], large.queries[name]]
        reasons = [f"over {MOST_MS:.0f} ms"] if p95(many) >= MOST_MS else []
        reasons += [f"over {MOST_RATIO}"] if ratio > MOST_RATIO else []
        reasons += ["queries grow"] if counts[1] > counts[0] else []
        held = held and not reasons
        shown = "/".join(map(str, dict.fromkeys(counts)))
        figures = " | ".join(
            f"{each:.0f}"
            for each in (statistics.median(few), p95(few), statistics.median(many), p95(many))
        )
        verdict = ", ".join(reasons) or "holds"
        print(f"| {name} | {shown} | {figures} | {ratio:.2f} | {verdict} |")
    return held


def p95(values: list[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def show_plan() -> None:
    """Print how texts are found by their edit history."""
    from django.contrib.auth import get_user_model

    from annotations.edits import annotations_edited
    from tests.load.people import ROOT

    person = get_user_model()._default_manager.get(username=ROOT)
    rows = annotations_edited(person, edited_by="member7", kind="reverted")
    found = rows.order_by("-updated_at", "-id")[:31]
    print("annotations?edited_by=member7&kind=reverted:")
    print(found.explain(analyze=True, costs=False))


if __name__ == "__main__":
    main()
