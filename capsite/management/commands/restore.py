"""`manage.py restore`: a backup into this instance, which nothing else may be using."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Takes the file; capsite.backup does the work."""

    help = "Puts a backup into an empty instance, or with --replace in the place of what is there."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path, help="an archive that backup wrote")
        parser.add_argument(
            "--replace", action="store_true", help="give up the photos and people that are here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore or say in one sentence why not."""
        from capsite.backup.errors import BackupError
        from capsite.backup.load import backup_restore
        from capsite.backup.servers import database_up

        path = options["file"].absolute()
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            with database_up(self.stdout.write):
                backup_restore(path, self.stdout.write, replace=options["replace"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored {path}.")
