"""Every fault that `python -m tests.load.faults` lets loose, by the kind of site it needs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import psycopg2
import requests

from capsite.embedded.processes import spawn
from tests.flows.site import ROOT, upload
from tests.load.arena import HELD, LEASE_SECONDS, Arena, paused
from tests.load.brittle.apps import POISON
from tests.load.manyjobs import kill_at_random, queue_up
from tests.load.photos import drawn

# Returns the moment from which the recovery is timed.
Fault = Callable[[Arena], float]
PAUSE_SECONDS = 2 * LEASE_SECONDS
STARVED_SECONDS = 12
TICKS = 0.5
# Makes PostgreSQL ask for another 16 MB of log, without which it cannot go on.
NEW_WAL = "SELECT pg_logical_emit_message(false, 'ballast', repeat('x', 100000)), pg_switch_wal()"


@dataclass(frozen=True)
class Scenario:
    """One fault: its name, what dies in words, and whether jobs may end as failed by it."""

    name: str
    what: str
    fault: Fault
    may_fail: bool = False


def _kill(name: str, arena: Arena) -> float:
    began = time.monotonic()
    arena.kill(name)
    return began


def _kill_worker(arena: Arena) -> float:
    pid = arena.worker_at_work()
    began = time.monotonic()
    arena.kill("worker", pid)
    return began


def _pause(name: str, arena: Arena) -> float:
    with paused(arena.pid(name)):
        time.sleep(PAUSE_SECONDS)
    return time.monotonic()


def _pause_worker(arena: Arena) -> float:
    """Let a second worker take over what a stopped one holds; then the first one goes on."""
    with _second_worker(arena):
        pid = arena.worker_at_work()
        try:
            taken = HELD.format(pid)
            arena.site.wait(lambda: not arena.site.query(taken)[0][0], 60, "the leases to end")
        finally:
            os.kill(pid, signal.SIGCONT)
        began = time.monotonic()
        time.sleep(PAUSE_SECONDS)
    return began


@contextmanager
def _second_worker(arena: Arena) -> Iterator[None]:
    environment = {"CAPSITE_VAR": str(arena.site.var), "CAPSITE_MODEL_DIR": str(arena.model)}
    more = {"DJANGO_SETTINGS_MODULE": "capsite.settings.dev", "CAPSITE_THREADS": "1"}
    process = spawn(
        [
            *(sys.executable, "-m", "celery", "--quiet", "-A", "capsite", "worker"),
            *("--pool", "solo", "--queues", "interactive", "--hostname", "second@%h"),
        ],
        output=subprocess.DEVNULL,
        environment=os.environ | more | dict(arena.settings) | environment,
        death_signal=signal.SIGKILL,
        directory=ROOT,
    )
    try:
        mine = f"SELECT count(*) FROM gallery_captionjob WHERE worker LIKE '%-{process.pid}'"
        arena.site.wait(lambda: arena.site.query(mine)[0][0], 90, "the second worker at work")
        yield
    finally:
        process.terminate()
        process.wait(60)


def _restart(arena: Arena) -> float:
    code = arena.site.stop()
    assert code == 0, f"the site stopped with exit code {code}"
    began = time.monotonic()
    arena.site.start()
    return began


def _kill_supervisor(arena: Arena) -> float:
    began = time.monotonic()
    arena.site.crash()
    arena.site.start()
    return began


def queue(jobs: int, kills: int) -> Scenario:
    """Return the scenario with so many queued jobs and so many kills of the worker."""

    def fault(arena: Arena) -> float:
        queue_up(arena, jobs)
        died = kill_at_random(arena, kills)
        began = time.monotonic()
        arena.calm()
        print(f"  (the worker died {died} times while jobs waited)")
        return began

    return Scenario("queue", f"worker, up to {kills} times at random, {jobs} jobs queued", fault)


def _poison(arena: Arena) -> float:
    """Upload a photo that kills whoever decodes it: it alone has to fail, and to end."""
    began = time.monotonic()
    answer = upload(arena.site.url, drawn(66) + POISON, patience=60)
    image = answer["image"]["id"]
    arena.traffic.accepted.add(image)
    why = f"SELECT error_code FROM gallery_captionjob WHERE image_id = '{image}'"
    ended = f"{why} AND state = 'failed'"
    arena.site.wait(lambda: arena.site.query(ended), 180, "the poisoned photo's end")
    assert arena.site.query(ended) == [("worker_lost",)]
    return began


def _starve(arena: Arena) -> float:
    """Let the captioner find no memory for a while; its worker makes way for new ones."""
    flag = arena.site.var / "run" / "starved"
    before = arena.site.status()["worker"]["restarts"]
    flag.touch()
    try:
        arena.site.wait(
            lambda: arena.site.status()["worker"]["restarts"] > before, 60, "the worker to give up"
        )
        time.sleep(STARVED_SECONDS)
    finally:
        flag.unlink()
    return time.monotonic()


def _fill_disk(arena: Arena) -> float:
    """Fill the disk to the last byte for a while; whoever uploads is told, and nothing is lost."""
    ballast = arena.site.var.parent / "ballast"
    told: set[str] = set()
    until = time.monotonic() + 20
    try:
        for number in range(1000):
            _fill(ballast)
            with suppress(psycopg2.Error):
                arena.site.execute(NEW_WAL)
            with suppress(requests.RequestException, ValueError):
                told.add(_refusal(arena.site.url, number))
            if time.monotonic() > until:
                break
            time.sleep(TICKS)
    finally:
        ballast.unlink(missing_ok=True)
    began = time.monotonic()
    print(f"  (uploads were told: {', '.join(sorted(told))})")
    assert told & {"storage_full", "database_away"}, f"uploads were told {told}"
    return began


def _fill(path: os.PathLike[str]) -> None:
    """Write until there is no room, the last of it in small pieces."""
    with suppress(OSError), open(path, "ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def _refusal(url: str, number: int) -> str:
    data = drawn(90_000 + number, size=(1600, 1200))
    answer = requests.post(f"{url}/api/v1/captions", files={"image": ("big.jpg", data)}, timeout=15)
    return str(answer.json().get("code", answer.status_code))


PLAIN = [
    Scenario("kill-worker", "worker (jobs in hand), SIGKILL", _kill_worker),
    *(
        Scenario(f"kill-{name}", f"{name}, SIGKILL", partial(_kill, name))
        for name in ("beat", "courier", "web", "valkey", "postgres")
    ),
    Scenario("pause-worker", "worker stopped beyond its lease, beside a second", _pause_worker),
    *(
        Scenario(f"pause-{name}", f"{name} stopped for {PAUSE_SECONDS} s", partial(_pause, name))
        for name in ("valkey", "postgres")
    ),
    Scenario("restart", "everything, SIGINT, and started again", _restart),
    Scenario("kill-supervisor", "the supervisor, SIGKILL, and started again", _kill_supervisor),
]
BRITTLE = [
    Scenario("poison", "worker, SIGSEGV by one photo", _poison, may_fail=True),
    Scenario("starve", f"the captioner's memory for {STARVED_SECONDS} s", _starve, may_fail=True),
]
DISK = [Scenario("disk", "the whole disk full for 20 s", _fill_disk)]
