"""One capsite per var directory: the kernel's file lock decides, never a stale pid file."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyLocked(Exception):
    """Another living process holds the lock; ``holder`` is the number it wrote, if any."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by process {holder}")
        self.holder = holder


class InstanceLock:
    """Holds an exclusive lock on a file for as long as the process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock at once, or raise AlreadyLocked."""
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise AlreadyLocked(holder or "unknown") from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go; the file stays, since removing it would let two processes lock two files."""
        os.close(self._descriptor)


def holder_of(path: Path) -> str | None:
    """Return the number of the process that holds the lock, or None when nobody does."""
    if not path.exists():
        return None
    try:
        with InstanceLock(path):
            return None
    except AlreadyLocked as locked:
        return locked.holder
    except OSError:
        return None
