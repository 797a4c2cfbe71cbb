"""`manage.py demo`: shows the demo content on an empty site, or takes it away again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.demo import demo_continue, demo_withdraw, peoples_words
from capsite.common.errors import CapsiteError
from gallery.services.demo import demo_load


class Command(BaseCommand):
    """Loads the photos at once; votes and texts follow as their captions come."""

    help = "Load the demo content into an empty site; with --remove take it away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take ``--remove`` and ``--yes``."""
        parser.add_argument("--remove", action="store_true", help="remove the demo content")
        parser.add_argument(
            "--yes", action="store_true", help="remove people's votes and texts on it as well"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say it."""
        try:
            said = self._remove(options["yes"]) if options["remove"] else self._load()
        except CapsiteError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(said)

    def _load(self) -> str:
        photos = demo_load()
        demo_continue()
        return f"Loaded {photos} demo photos; votes and texts follow as their captions come."

    def _remove(self, sure: bool) -> str:
        theirs = peoples_words()
        if theirs and not sure:
            raise CommandError(
                f"People voted for or wrote {theirs} things on demo photos. They go with the "
                "photos: say so with --yes."
            )
        removed = demo_withdraw()
        return f"Removed {removed.photos} photos and {removed.members} demo members."
