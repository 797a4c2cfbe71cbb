"""The archive: a tar file of the dump, every stored file, and last a manifest with their sums."""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol

from capsite.backup.errors import BackupError

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
FILES = "files/"
CHUNK = 1 << 20


@dataclass
class Manifest:
    """What lies in an archive: `members` name -> [bytes, sha256]; `counts` table -> rows."""

    made_at: str
    postgres: str
    migrations: dict[str, list[str]]
    counts: dict[str, int]
    members: dict[str, list[Any]] = field(default_factory=dict)
    # Photos in the dump whose files were removed while the backup ran: their people deleted them.
    gone: list[str] = field(default_factory=list)
    # Files that the storage had lost already.
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT


class Readable(Protocol):
    """Anything with bytes to read."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes."""
        ...


class _Summing:
    """Hands bytes on and sums them up."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.sum.update(data)
        return data


class ArchiveWriter:
    """Adds members one by one; `close` adds the manifest."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    def add(self, name: str, size: int, source: Readable) -> None:
        """Add ``size`` bytes of ``source`` and remember their sum."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        summing: Any = _Summing(source)
        self._tar.addfile(info, summing)
        self.manifest.members[name] = [size, summing.sum.hexdigest()]

    def close(self) -> None:
        """Write the manifest, the sign that the archive is whole."""
        text = json.dumps(asdict(self.manifest), indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        self._tar.addfile(info, BytesIO(text))


@contextmanager
def written(path: Path, manifest: Manifest) -> Iterator[ArchiveWriter]:
    """Yield a writer; the archive appears under its name only once it is whole and on disk."""
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                writer = ArchiveWriter(tar, manifest)
                yield writer
                writer.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def verified(path: Path) -> Manifest:
    """Read the whole archive once and return its manifest.

    Raises `BackupError` when it is cut off, damaged, or of a format this version does not know.
    """
    sums: dict[str, list[Any]] = {}
    try:
        with tarfile.open(path, "r|") as tar:
            for info in tar:
                source = tar.extractfile(info)
                if info.name == MANIFEST and source:
                    return _checked(json.load(source), sums, path)
                if source:
                    sums[info.name] = [info.size, _sum_of(source)]
    except (tarfile.TarError, ValueError, OSError) as error:
        raise BackupError(f"{path} is not a whole backup: {error}") from error
    raise BackupError(f"{path} is not a whole backup: it ends before its manifest.")


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the bytes of every member but the manifest, in their order."""
    with tarfile.open(path, "r|") as tar:
        for info in tar:
            source = tar.extractfile(info)
            if source and info.name != MANIFEST:
                yield info.name, source


def _checked(content: dict[str, Any], sums: dict[str, list[Any]], path: Path) -> Manifest:
    if content.get("format") != FORMAT:
        raise BackupError(
            f"{path} has format {content.get('format')}; this version reads {FORMAT}."
        )
    manifest = Manifest(**content)
    wrong = sorted(
        name
        for name in manifest.members.keys() | sums.keys()
        if manifest.members.get(name) != sums.get(name)
    )
    if wrong:
        raise BackupError(f"{path} is damaged: {len(wrong)} members differ, first {wrong[0]}.")
    return manifest


def _sum_of(source: IO[bytes]) -> str:
    total = hashlib.sha256()
    while data := source.read(CHUNK):
        total.update(data)
    return total.hexdigest()
