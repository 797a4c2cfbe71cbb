"""Where a data set's pictures lie: in images.tar, in a folder, or in the directory itself."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path, PurePosixPath

from workers.training.errors import TrainingError

TAR_NAME = "images.tar"
FOLDERS = ("images", "train2017", "val2017", ".")


class PhotoStore:
    """Reads photos by file name without unpacking anything.

    A file in a folder wins over one of the same name in the tar, so that a data set can be
    corrected by hand.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tar_path = directory / TAR_NAME
        self._members = _tar_index(self.tar_path) if self.tar_path.is_file() else {}

    def __contains__(self, name: str) -> bool:
        return self._on_disk(name) is not None or name in self._members

    def read(self, name: str) -> bytes:
        """The encoded bytes of a photo; raises `FileNotFoundError` when the data set lacks it."""
        path = self._on_disk(name)
        if path is not None:
            return path.read_bytes()
        if name not in self._members:
            raise FileNotFoundError(f"{name} is not in {self.directory}.")
        offset, size = self._members[name]
        # Reading by offset, with no file shared between calls, is safe from several threads and
        # processes.
        descriptor = os.open(self.tar_path, os.O_RDONLY)
        try:
            return os.pread(descriptor, size, offset)
        finally:
            os.close(descriptor)

    def _on_disk(self, name: str) -> Path | None:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            return None
        candidates = (self.directory / folder / name for folder in FOLDERS)
        return next((path for path in candidates if path.is_file()), None)


def _tar_index(path: Path) -> dict[str, tuple[int, int]]:
    """File name (without its folder in the tar) to byte offset and size."""
    try:
        with tarfile.open(path, "r:") as archive:
            return {
                PurePosixPath(member.name).name: (member.offset_data, member.size)
                for member in archive
                if member.isfile()
            }
    except tarfile.TarError as error:
        raise TrainingError(f"{path} is not a readable tar file: {error}.") from error
