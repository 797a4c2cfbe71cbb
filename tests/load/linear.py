"""Do two processes do twice the work? `python -m tests.load.linear` measures workers and web.

Each case takes turns with the others on the same site. Processors are shared with PostgreSQL,
Valkey and the clients, so their use is printed too: beyond the cores there is nothing to share.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import requests

from tests.flows.site import ROOT, Site, short_folder
from tests.load.arena import ACTIVE, Arena, arena, paused

MODEL = ROOT / "models" / "capsite-mini"
CLIENTS = 8


def main() -> None:
    """Measure both and print a table of each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=150, help="captioned in each turn (150)")
    options.add_argument("--seconds", type=float, default=10, help="of browsing in each turn (10)")
    options.add_argument("--turns", type=int, default=3)
    asked = options.parse_args()
    with short_folder() as var, arena(MODEL, var, CAPSITE_BATCH="32") as given, second(given.site):
        pids = workers(given.site)
        cases = {
            len(some): captioning(given, asked.photos, some, pids) for some in (pids[:1], pids)
        }
        table("worker processes", "photos captioned a second", in_turns(cases, asked.turns))
    with ExitStack() as stack:
        sites = {count: stack.enter_context(web_site(count)) for count in (1, 2)}
        browse = {count: browsing(site, asked.seconds) for count, site in sites.items()}
        table("web processes", "pages a second", in_turns(browse, asked.turns))
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{os.cpu_count()} cores, {platform.machine()}, load averages at the end {loads}")


def in_turns(
    cases: dict[int, Callable[[], tuple[float, float]]], turns: int
) -> dict[int, list[tuple[float, float]]]:
    """Run every case so often in turns; the rate and the cores in use of each run."""
    found: dict[int, list[tuple[float, float]]] = {count: [] for count in cases}
    for _turn in range(turns):
        for count, case in cases.items():
            found[count].append(case())
    return found


def table(what: str, unit: str, found: dict[int, list[tuple[float, float]]]) -> None:
    """Print the median rate of each number of processes and its ratio to that of one."""
    rates = {
        count: statistics.median(rate for rate, _cores in runs) for count, runs in found.items()
    }
    print(f"| {what} | {unit} | each run | ratio | cores in use |\n|---|---|---|---|---|")
    for count, runs in found.items():
        each = ", ".join(f"{rate:.1f}" for rate, _cores in runs)
        cores = statistics.median(cores for _rate, cores in runs)
        ratio = rates[count] / rates[1]
        print(f"| {count} | {rates[count]:.1f} | {each} | {ratio:.2f} | {cores:.1f} |", flush=True)
    print()


def measured(work: Callable[[], int]) -> tuple[float, float]:
    """Return what ``work`` gets done in a second, and how many cores of the machine were busy."""
    began, busy = time.perf_counter(), _busy_seconds()
    count = work()
    spent = time.perf_counter() - began
    return count / spent, (_busy_seconds() - busy) / spent


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


@contextmanager
def second(site: Site) -> Iterator[None]:
    """Run one more worker on the site, with one thread as the first."""
    command = "-m celery --quiet -A capsite worker --pool solo --queues interactive --hostname"
    process = subprocess.Popen(
        [sys.executable, *command.split(), "second@%h", "--without-gossip", "--without-mingle"],
        cwd=ROOT,
        env=site.environment | {"OMP_NUM_THREADS": "1", "CAPSITE_METRICS_PORT": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(15)  # it loads its model
        yield
    finally:
        process.terminate()
        process.wait(30)


def workers(site: Site) -> list[int]:
    """Return the process numbers of both workers, the site's own first."""
    own = site.status()["worker"]["pid"]
    others = [
        process.pid
        for process in psutil.Process().children(recursive=True)
        if "second@%h" in process.cmdline()
    ]
    return [own, *others]


def captioning(
    given: Arena, photos: int, some: list[int], every: list[int]
) -> Callable[..., tuple]:
    """Queue photos while all workers stand still, then time ``some`` of them working it off."""

    def case() -> tuple[float, float]:
        with ExitStack() as still:
            for pid in set(every) - set(some):
                still.enter_context(paused(pid))
            with ExitStack() as filling:
                for pid in some:
                    filling.enter_context(paused(pid))
                with ThreadPoolExecutor(4) as pool:
                    list(pool.map(lambda _number: given.traffic.upload(), range(photos)))
            return measured(lambda: drained(given, photos))

    return case


def drained(given: Arena, photos: int) -> int:
    """Wait until no job waits or runs; return how many there were."""
    given.site.wait(lambda: not given.site.query(ACTIVE)[0][0], 600, "the queue to empty")
    return photos


@contextmanager
def web_site(processes: int) -> Iterator[Site]:
    """A site with so many web processes and the demo photos."""
    with short_folder() as var:
        site = Site(
            Path(var), MODEL, demo=True, CAPSITE_WEB_PROCESSES=str(processes),
            CAPSITE_RATE_FACTOR="1000",
        ).start()  # fmt: skip
        site.wait(lambda: not site.query(ACTIVE)[0][0], 180, "the demo photos")
        try:
            yield site
        finally:
            site.stop()


def browsing(site: Site, seconds: float) -> Callable[[], tuple[float, float]]:
    """Let clients look at the gallery, a photo and the API for so long."""
    newest = requests.get(f"{site.url}/api/v2/images?limit=1", timeout=30).json()["results"][0]
    pages = ["/", newest["url"], "/api/v2/images"]

    def client(number: int, until: float) -> int:
        count = 0
        with requests.Session() as session:
            while time.perf_counter() < until:
                path = pages[(number + count) % len(pages)]
                address = path if path.startswith("http") else site.url + path
                session.get(address, timeout=60).raise_for_status()
                count += 1
        return count

    def crowd() -> int:
        until = time.perf_counter() + seconds
        with ThreadPoolExecutor(CLIENTS) as pool:
            return sum(pool.map(lambda number: client(number, until), range(CLIENTS)))

    return lambda: measured(crowd)


if __name__ == "__main__":
    main()
