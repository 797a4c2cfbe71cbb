"""`manage.py evaluate_captioner --data DIR --split NAME`: score with the official metrics."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.cli_evaluate` does the work."""

    help = "Caption a split of a data set and print BLEU, METEOR, ROUGE-L and CIDEr (needs Java)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add("--data", type=Path, required=True, help="a folder with captions.jsonl and images")
        add("--split", required=True)
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
        add(
            "--confidence",
            action="store_true",
            help="also judge the confidence of three captions a photo, on every other photo",
        )
        add("--figures", type=Path, help="draw the reliability diagram into this folder")
        add("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.cli_evaluate import EvaluationOptions, evaluate_command

        wanted = EvaluationOptions(
            model=options["model"] or Path(settings.CAPSITE_MODEL_DIR),
            data=options["data"],
            split=options["split"],
            strategy=options["strategy"],
            limit=options["limit"],
            as_json=options["as_json"],
            language=options["language"],
            captions_file=options["captions_file"],
            exclude=options["exclude_split_of"],
            confidence=options["confidence"],
            figures=options["figures"],
        )
        sys.exit(evaluate_command(wanted))
