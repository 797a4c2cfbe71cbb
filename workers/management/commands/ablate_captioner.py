"""`manage.py ablate_captioner STUDY`: train variants with several seeds and compare them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.cli_ablate` does the work."""

    help = "Run every variant of a study with every seed (finished runs are kept); print the table."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("study", type=Path, metavar="STUDY", help="a YAML file")
        parser.add_argument(
            "--only",
            action="append",
            default=[],
            metavar="VARIANT",
            help="run this variant (and the reference) only; may be repeated",
        )
        parser.add_argument(
            "--plain",
            action="store_true",
            help="split words plainly instead of by Java's tokenizer",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.cli_ablate import ablate_command

        sys.exit(
            ablate_command(
                options["study"], only=tuple(options["only"]), official=not options["plain"]
            )
        )
