"""A photo's files in storage: written before its row, removed when the row cannot be."""

import errno
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from gallery.imaging import Photo, derivatives
from gallery.models import Image

logger = logging.getLogger(__name__)

# An upload that is still on its way has files and no row yet; nothing takes this long.
ORPHAN_AGE = timedelta(hours=1)
CHUNK = 1000


def files_write(image: Image, photo: Photo, data: bytes) -> None:
    """Store the original and every derivative, and note the derivatives on ``image``.

    Nothing is left behind when a write fails half way. Raises CapsiteError while storage is full
    or away.
    """
    try:
        default_storage.save(image.original, ContentFile(data))
        image.variants = []
        for item in derivatives(photo):
            default_storage.save(image.derivative(item.variant), ContentFile(item.data))
            size = {"name": item.variant, "width": item.width, "height": item.height}
            image.variants.append(size)
    except OSError as error:
        with suppress(OSError):  # the hourly sweep removes what is left
            files_delete(image.folder)
        raise storage_away(error) from error
    except BaseException:
        files_delete(image.folder)
        raise


def storage_away(error: OSError) -> CapsiteError:
    """Return what people read while photos can be neither stored nor fetched."""
    logger.error("Storage failed: %s", error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        message = _("capsite has no room left for photos. Nothing was changed. Tell its operator.")
        return CapsiteError("storage_full", message, status=503)
    message = _("capsite cannot reach its photos. Nothing was lost. Try again in a moment.")
    return CapsiteError("storage_away", message, status=503)


def files_delete(folder: str) -> None:
    """Remove a photo's folder with all that lies in it."""
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)


def files_delete_on_commit(folder: str) -> None:
    """Remove a photo's folder once the transaction commits.

    Storage that is away then fails no answer: the hourly sweep removes what is left.
    """

    def delete() -> None:  # Django asks for its name, which a partial does not have
        files_delete(folder)

    transaction.on_commit(delete, robust=True)


def orphans_sweep() -> int:
    """Remove folders that no row names, left by a crash between the files and the commit."""
    removed = 0
    folders = _folders()
    while names := dict(islice(folders, CHUNK)):
        known = set(Image.objects.filter(pk__in=names).values_list("pk", flat=True))
        for key in names.keys() - known:
            if _is_old(names[key]):
                files_delete(names[key])
                removed += 1
    if removed:
        logger.info("Removed %d folders that belonged to no photo", removed)
    return removed


def _folders() -> Iterator[tuple[UUID, str]]:
    """Yield every photo's id and folder; what is not named by an id is not ours to judge."""
    try:
        shards = default_storage.listdir("photos")[0]
    except FileNotFoundError:  # nobody has uploaded anything yet
        return
    for shard in shards:
        for name in default_storage.listdir(f"photos/{shard}")[0]:
            try:
                yield UUID(name), f"photos/{shard}/{name}"
            except ValueError:
                continue


def _is_old(folder: str) -> bool:
    _, names = default_storage.listdir(folder)
    changed = [default_storage.get_modified_time(f"{folder}/{name}") for name in names]
    newest = max(changed, default=datetime.min.replace(tzinfo=UTC))
    return newest < datetime.now(UTC) - ORPHAN_AGE
