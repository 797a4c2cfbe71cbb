"""Waits for jobs to end, for programs that would rather wait than ask again."""

import threading
import time
from collections.abc import Sequence

from django.db import connection

from gallery.models import CaptionJob
from gallery.models.job import ACTIVE

MOST_SECONDS = 30
PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
# Who waits holds a thread of this process; beyond so many, programs are told to ask again.
WAITERS = threading.BoundedSemaphore(64)


def jobs_wait(jobs: Sequence[CaptionJob], seconds: float) -> list[CaptionJob]:
    """Return the jobs as they are once all have ended, or after ``seconds``.

    The rows are asked now and then, less and less often; nobody keeps a database connection while
    it sleeps. A photo that is deleted meanwhile takes its jobs along: they are left out. Where too
    many wait already, nobody else does.
    """
    if not _active(jobs) or not WAITERS.acquire(blocking=False):
        return list(jobs)
    try:
        return _waited(jobs, seconds)
    finally:
        WAITERS.release()


def _waited(jobs: Sequence[CaptionJob], seconds: float) -> list[CaptionJob]:
    until = time.monotonic() + min(seconds, MOST_SECONDS)
    pause = PAUSE_SECONDS
    found = list(jobs)
    while _active(found):
        left = until - time.monotonic()
        if left <= 0:
            break
        _let_go()
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        found = _again(jobs)
    return found


def _active(jobs: Sequence[CaptionJob]) -> bool:
    return any(job.state in ACTIVE for job in jobs)


def _again(jobs: Sequence[CaptionJob]) -> list[CaptionJob]:
    rows = CaptionJob.objects.select_related("image").in_bulk([job.pk for job in jobs])
    return [rows[job.pk] for job in jobs if job.pk in rows]


def _let_go() -> None:
    if not connection.in_atomic_block:
        connection.close()
