"""Keeps captions by photo, for when the site is out of reach."""

import hashlib
import json
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

Entry = dict[str, Any]


def cache_key(
    origin: str, digest: str, strategies: Sequence[str], language: str, num: int | None
) -> str:
    """Return the key of a question: the site, the photo's SHA-256 and what was asked of it."""
    question = [origin, digest, sorted(strategies), language, num]
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()


class CaptionCache(Protocol):
    """Where captions are kept; neither method may fail its caller."""

    def get(self, key: str) -> Entry | None:
        """Return what was put under a key, or None."""

    def put(self, key: str, entry: Entry) -> None:
        """Keep a JSON object under a key."""


class MemoryCache:
    """The captions that were read last, until the program ends."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def get(self, key: str) -> Entry | None:
        """Return what was put under a key, or None."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry; the one that was used least recently makes room."""
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)


class DiskCache:
    """Captions in files of a folder that only this account can read; they outlive the program."""

    def __init__(self, folder: str | os.PathLike[str], most: int = 1000) -> None:
        self._folder = Path(folder)
        self._most = most

    def get(self, key: str) -> Entry | None:
        """Return what was put under a key; a damaged file counts as none."""
        try:
            entry = json.loads(self._path(key).read_bytes())
        except (OSError, ValueError):
            return None
        return entry if isinstance(entry, dict) else None

    def put(self, key: str, entry: Entry) -> None:
        """Write an entry whole or not at all; a full disk never fails the call."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "w") as file:
                json.dump(entry, file)
            os.replace(name, self._path(key))
            self._make_room()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _make_room(self) -> None:
        files = list(self._folder.glob("*.json"))
        if len(files) > self._most:
            files.sort(key=lambda path: path.stat().st_mtime)
            for path in files[: len(files) - self._most]:
                path.unlink(missing_ok=True)


class NoCache:
    """Keeps nothing."""

    def get(self, key: str) -> Entry | None:
        """Return None."""
        return None

    def put(self, key: str, entry: Entry) -> None:
        """Forget the entry."""
