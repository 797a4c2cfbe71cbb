"""`manage.py analyse_captioner --data DIR --split NAME --output FOLDER`: see what goes wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.cli_analyse` does the work."""

    help = "Write a page with the worst captions by kind of failure, and hard_examples.jsonl."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add("--data", type=Path, required=True, help="a folder with captions.jsonl and images")
        add("--split", required=True)
        add("--output", type=Path, required=True, help="a new folder; it will hold photos")
        add("--model", type=Path, help="a model directory (the configured one)")
        add("--strategy", choices=["beam", "nucleus", "greedy"], default="beam")
        add("--language", choices=["en", "tr"], default="en", help="of the captions (en)")
        add("--captions-file", default="captions.jsonl", help="in the data folder (captions.jsonl)")
        add(
            "--exclude-split-of",
            action="append",
            default=[],
            metavar="FILE:SPLIT",
            help="leave out photos of that split of another caption file; may be repeated",
        )
        add("--limit", type=int, default=0, help="only the first LIMIT photos (all)")
        add("--each", type=int, default=12, help="captions to show per group (12)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.cli_analyse import AnalysisOptions, analyse_command

        wanted = AnalysisOptions(
            model=options["model"] or Path(settings.CAPSITE_MODEL_DIR),
            data=options["data"],
            split=options["split"],
            output=options["output"],
            strategy=options["strategy"],
            language=options["language"],
            captions_file=options["captions_file"],
            exclude=options["exclude_split_of"],
            limit=options["limit"],
            each=options["each"],
        )
        sys.exit(analyse_command(wanted))
