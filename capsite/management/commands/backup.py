"""`manage.py backup`: database and photos into one checked file, while the site runs."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Names the file; capsite.backup does the work."""

    help = "Writes the database and every photo into one checked archive; the site may run."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "file", type=Path, nargs="?", help="a new file (capsite-DATE-TIME.tar, here)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the archive or say in one sentence why not."""
        from capsite.backup.errors import BackupError
        from capsite.backup.save import backup_write
        from capsite.backup.servers import database_up

        named = f"capsite-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
        path = (options["file"] or Path(named)).absolute()
        try:
            with database_up(self.stdout.write):
                manifest = backup_write(path, self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        megabytes = path.stat().st_size / 1e6
        files = len(manifest.members) - 1
        self.stdout.write(f"Wrote {path}: {files:,} files, {megabytes:,.1f} MB, read again.")
        if missing := manifest.missing:
            raise CommandError(
                f"The storage has lost {len(missing):,} files, first {missing[0]}. Everything else "
                "is in the backup.",
                returncode=2,
            )
