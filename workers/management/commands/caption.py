"""`manage.py caption PHOTO...`: caption files on this machine, without a server or a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.pipeline.cli` does the work."""

    help = "Caption photo files and print text or JSON lines."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("photos", nargs="+", metavar="PHOTO")
        parser.add_argument("--strategy", choices=["beam", "nucleus", "greedy"], default="beam")
        parser.add_argument("--num", type=int, default=3, help="captions per photo, 1 to 10 (3)")
        parser.add_argument("--language", choices=["en", "tr"], default="en")
        parser.add_argument("--seed", type=int, default=0, help="of nucleus sampling (0)")
        parser.add_argument("--model", type=Path, help="a model directory (the configured one)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON lines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code the files deserve."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.pipeline.cli import CaptionOptions, caption_files

        wanted = CaptionOptions(
            model=options["model"] or Path(settings.CAPSITE_MODEL_DIR),
            strategy=options["strategy"],
            num=options["num"],
            language=options["language"],
            seed=options["seed"],
            as_json=options["as_json"],
            threads=settings.CAPSITE_THREADS or None,
        )
        sys.exit(caption_files(options["photos"], wanted))
