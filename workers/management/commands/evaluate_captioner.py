"""`manage.py evaluate_captioner --data DIR --split NAME`: score with the official metrics."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.cli` does the work."""

    help = "Caption a split of a data set and print BLEU, METEOR, ROUGE-L and CIDEr (needs Java)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--data", type=Path, required=True, help="a folder with captions.jsonl and images"
        )
        parser.add_argument("--split", required=True)
        parser.add_argument("--model", type=Path, help="a model directory (the configured one)")
        parser.add_argument("--strategy", choices=["beam", "nucleus", "greedy"], default="beam")
        parser.add_argument(
            "--limit", type=int, default=0, help="only the first LIMIT photos (all)"
        )
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="print one JSON object"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.cli import EvaluationOptions, evaluate_command

        wanted = EvaluationOptions(
            model=options["model"] or Path(settings.CAPSITE_MODEL_DIR),
            data=options["data"],
            split=options["split"],
            strategy=options["strategy"],
            limit=options["limit"],
            as_json=options["as_json"],
        )
        sys.exit(evaluate_command(wanted))
