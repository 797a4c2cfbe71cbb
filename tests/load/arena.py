"""Where a fault is let loose: a site of its own, people at work on it, and what is left after."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.flows.site import Site, short_folder
from tests.load.ledger import accounts
from tests.load.members import tokens_of
from tests.load.traffic import PEOPLE, Traffic

LEASE_SECONDS = 5
SETTINGS = {
    "CAPSITE_LEASE_SECONDS": str(LEASE_SECONDS),
    "CAPSITE_BATCH": "4",
    "CAPSITE_RATE_FACTOR": "1000",
}
RECOVERY_SECONDS = 180
CALM_SECONDS = 600

ACTIVE = "SELECT count(*) FROM gallery_captionjob WHERE state IN ('queued', 'captioning')"
ENDED = """
SELECT count(*) FROM gallery_captionjob WHERE image_id = '{}' AND state IN ('done', 'failed')
"""
# A job whose wake-up was lost: nobody hears of this one but beat.
UNHEARD = """
INSERT INTO gallery_captionjob SELECT (jsonb_populate_record(j, jsonb_build_object(
    'id', gen_random_uuid(), 'num', 2, 'state', 'queued', 'attempts', 0, 'worker', '',
    'started_at', null, 'finished_at', null, 'created_at', clock_timestamp()))).*
FROM gallery_captionjob j WHERE image_id = '{}'
"""
# A done job has as many captions as it was asked for, once.
MISCOUNTED = """
SELECT count(*) FROM gallery_captionjob j WHERE state = 'done'
AND num <> (SELECT count(*) FROM captions_caption c WHERE c.job_id = j.id)
"""
FAILED = "SELECT count(*) FROM gallery_captionjob WHERE state = 'failed'"
HELD = """
SELECT count(*) FROM gallery_captionjob WHERE state = 'captioning' AND worker LIKE '%-{}'
"""


@dataclass
class Arena:
    """A running site, the people on it, and the model and settings it was started with."""

    site: Site
    traffic: Traffic
    model: Path
    settings: Mapping[str, str]

    def recovered(self) -> None:
        """Return once a photo sent now has its captions."""
        self.ready()
        self._ended(self.traffic.upload(), 1, "new captions")

    def ready(self) -> None:
        """Return once the site says that its worker is ready."""
        self.site.wait(
            lambda: self.site.ready()["worker"] == "ready", RECOVERY_SECONDS, "a ready worker"
        )

    def calm(self) -> None:
        """Return once no job waits or runs."""
        self.site.wait(lambda: self.site.query(ACTIVE)[0][0] == 0, CALM_SECONDS, "the last job")

    def beats(self) -> None:
        """Return once a job whose wake-up was lost has ended; nobody else must be at work."""
        image = self.traffic.upload()
        self._ended(image, 1, "captions")
        self.site.execute(UNHEARD.format(image))
        self._ended(image, 2, "beat to wake the worker")

    def wrong(self) -> dict[str, int]:
        """Return what must not be, of all that this site ever accepted."""
        found = accounts(self.site, self.traffic.accepted) | self.traffic.wrong()
        found["done jobs with another number of captions"] = self.site.query(MISCOUNTED)[0][0]
        return {what: number for what, number in found.items() if number}

    def failed(self) -> int:
        """Return how many jobs have failed; the ledger looks whether each has a reason."""
        return int(self.site.query(FAILED)[0][0])

    def pid(self, name: str) -> int:
        """Return the process of that name, once there is one."""
        self.site.wait(lambda: self.site.status()[name]["pid"], 90, f"{name} to be alive")
        return int(self.site.status()[name]["pid"])

    def kill(self, name: str, pid: int = 0) -> None:
        """Kill one process as it stands; return once the supervisor has started another."""
        before = pid or self.pid(name)
        os.kill(before, signal.SIGKILL)
        self.site.wait(
            lambda: self.site.status()[name]["pid"] not in (None, before), 90, f"another {name}"
        )

    def worker_at_work(self, seconds: float = 20) -> int:
        """Stop the worker while it holds jobs, and return its process number.

        Stopped it cannot finish them. After ``seconds`` without a job it is stopped all the same.
        """
        deadline = time.monotonic() + seconds
        while True:
            pid = self.pid("worker")
            os.kill(pid, signal.SIGSTOP)
            if self.site.query(HELD.format(pid))[0][0] or time.monotonic() > deadline:
                return pid
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.02)

    def _ended(self, image: str, jobs: int, what: str) -> None:
        ended = ENDED.format(image)
        self.site.wait(lambda: self.site.query(ended)[0][0] == jobs, RECOVERY_SECONDS, what)


@contextmanager
def arena(model: Path, var: Path, **settings: str) -> Iterator[Arena]:
    """Start a site in ``var`` with short leases, and people who know how to sign in."""
    given = SETTINGS | settings
    site = Site(var, model, **given)
    try:
        site.start()
        yield Arena(site, Traffic(site, tokens_of(site, PEOPLE)), model, given)
    finally:
        site.stop()


@contextmanager
def plain_arena(model: Path, **settings: str) -> Iterator[Arena]:
    """An arena in a folder that goes."""
    with short_folder() as var, arena(model, var, **settings) as given:
        yield given


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Stop a process and all its children while the body runs."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    _signal(family, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(family, signal.SIGCONT)


def _signal(family: list[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
