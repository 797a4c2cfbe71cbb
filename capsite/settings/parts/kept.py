"""Secrets made on first use and kept under var/, readable by this account alone."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return what the file holds, or make it once; without a place to keep it, make a new one."""
    try:
        return _read(path) or _made(path, make)
    except OSError:  # commands that need no server must run where var cannot be read or written
        return make()


def _read(path: Path) -> str:
    """Return the secret, or nothing when the file is missing or a crash left it empty."""
    return path.read_text().strip() if path.exists() else ""


def _made(path: Path, make: Callable[[], str]) -> str:
    """Put a whole secret in place or none; of processes that start at once, one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the kernel ends the turn of a process that dies
        if _read(path):
            part.unlink(missing_ok=True)
        else:
            _write(file, make())
            part.replace(path)
    return _read(path)


def _write(file: TextIO, secret: str) -> None:
    file.truncate(0)
    file.write(secret)
    file.flush()
    os.fsync(file.fileno())  # or a power cut leaves the new name with nothing in it
