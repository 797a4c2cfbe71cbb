"""Puts a backup back: the files first, then the whole database in one transaction."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection

from capsite.backup.archive import DUMP, FILES, Manifest, members, verified
from capsite.backup.database import load, migrations_unknown, others_connected, row_counts
from capsite.backup.errors import BackupError
from gallery.models import Image

Say = Callable[[str], None]
# Tables whose rows only people make; an instance without them holds nothing to lose.
PRECIOUS = (Image._meta.db_table,)


def backup_restore(path: Path, say: Say, *, replace: bool = False) -> Manifest:
    """Restore an archive into this instance and compare what came out with the manifest.

    Raises `BackupError`, with the database as it was, when the archive is damaged or of a later
    version, the instance holds photos and ``replace`` is not given, or something still runs on it.
    """
    manifest = verified(path)
    say(f"{path.name} is whole: made {manifest.made_at}, {len(manifest.members) - 1:,} files.")
    _refuse_unless_safe(path, manifest, replace)
    with tempfile.TemporaryDirectory(prefix="capsite-restore-") as folder:
        dump_file = Path(folder) / DUMP
        count = _take_out(path, dump_file)
        say(f"Files: {count:,}.")
        load(dump_file)
    _compare(manifest)
    _forget(manifest)
    call_command("migrate", verbosity=0, interactive=False)
    say(f"Database: {sum(manifest.counts.values()):,} rows.")
    return manifest


def _refuse_unless_safe(path: Path, manifest: Manifest, replace: bool) -> None:
    unknown = migrations_unknown(manifest.migrations)
    if unknown:
        raise BackupError(
            f"{path} was made by a later version of capsite: this one does not know "
            f"{', '.join(unknown[:3])}. Upgrade first."
        )
    photos = sum(row_counts().get(table, 0) for table in PRECIOUS)
    if photos and not replace:
        raise BackupError(
            f"This instance holds {photos:,} photos. --replace puts the backup in their place."
        )
    others = others_connected()
    if others:
        raise BackupError(
            f"{len(others)} connections to this database are open ({', '.join(sorted(set(others)))}"
            "). Stop web, worker, beat and courier first."
        )


def _take_out(path: Path, dump_file: Path) -> int:
    """Store every file and lay the dump aside; return how many files there were."""
    count = 0
    for name, source in members(path):
        if name == DUMP:
            with dump_file.open("wb") as target:
                shutil.copyfileobj(source, target)
        elif name.startswith(FILES):
            _store(name.removeprefix(FILES), File(source))
            count += 1
    return count


def _store(name: str, content: File) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    stored = default_storage.save(name, content)
    if stored != name:
        raise BackupError(f"The storage calls {name} {stored}: is something else writing to it?")


def _compare(manifest: Manifest) -> None:
    connection.close()
    found = row_counts()
    wrong = [table for table, rows in manifest.counts.items() if found.get(table) != rows]
    if wrong:
        table = wrong[0]
        raise BackupError(
            f"{len(wrong)} tables differ from the backup: {table} has {found.get(table)} rows "
            f"instead of {manifest.counts[table]}."
        )


def _forget(manifest: Manifest) -> None:
    """Delete the photos that people deleted while the backup ran."""
    Image.objects.filter(pk__in=manifest.gone).delete()
