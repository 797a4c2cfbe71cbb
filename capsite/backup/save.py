"""Writes a backup while the site runs: one state of the database, and the files it names."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.core.files.storage import default_storage

from capsite.backup.archive import DUMP, FILES, ArchiveWriter, Manifest, verified, written
from capsite.backup.database import (
    dump,
    migrations_applied,
    row_counts,
    server_version,
    snapshot,
)
from capsite.backup.errors import BackupError
from gallery.models import Image

CHUNK = 1000
Say = Callable[[str], None]


def backup_write(path: Path, say: Say) -> Manifest:
    """Write the archive, read it again, and return its manifest.

    Files that storage has lost are named in it as `missing`. Raises `BackupError` when there is an
    archive of that name already, the disk is full, or what was written is not what was read.
    """
    if path.exists():
        raise BackupError(f"{path} exists already. Give another name or remove it.")
    if not path.parent.is_dir():
        raise BackupError(f"The folder {path.parent} does not exist.")
    spare = path.with_name(f"{path.name}.dump")
    try:
        with snapshot() as name:
            manifest = Manifest(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                postgres=server_version(),
                migrations=migrations_applied(),
                counts=row_counts(),
            )
            dump(spare, name)
            say(f"Database: {sum(manifest.counts.values()):,} rows.")
            images = list(Image.objects.order_by("pk").values_list("pk", flat=True))
        with written(path, manifest) as writer:
            with spare.open("rb") as source:
                writer.add(DUMP, spare.stat().st_size, source)
            _add_files(writer, images)
    except OSError as error:
        raise BackupError(f"The backup could not be written: {error}") from error
    finally:
        spare.unlink(missing_ok=True)
    return verified(path)


def _add_files(writer: ArchiveWriter, images: Sequence[UUID]) -> None:
    for start in range(0, len(images), CHUNK):
        found = Image.objects.in_bulk(images[start : start + CHUNK])
        for key in images[start : start + CHUNK]:
            image = found.get(key)
            if image is None or not _add_photo(writer, image):
                writer.manifest.gone.append(str(key))


def _add_photo(writer: ArchiveWriter, image: Image) -> bool:
    """Add a photo's files; False when the photo was deleted meanwhile."""
    for name in _names(image):
        try:
            size = default_storage.size(name)
            with default_storage.open(name) as source:
                writer.add(f"{FILES}{name}", size, source)
        except FileNotFoundError:
            if not Image.objects.filter(pk=image.pk).exists():
                return False
            writer.manifest.missing.append(name)
    return True


def _names(image: Image) -> Iterator[str]:
    yield image.original
    for variant in image.variants:
        yield image.derivative(variant["name"])
