"""`manage.py train_captioner CONFIG`: train a captioner from one YAML file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.cli` does the work."""

    help = "Train a captioner; the run's config, metrics and checkpoint go to runs/NAME/."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("config", type=Path, metavar="CONFIG")
        parser.add_argument(
            "--resume", action="store_true", help="continue the run from its checkpoint"
        )
        parser.add_argument("--dev", action="store_true", help="5 %% of the data and two epochs")
        parser.add_argument(
            "--find-rate",
            action="store_true",
            help="do not train: sweep the learning rate and suggest one",
        )
        parser.add_argument(
            "--output", type=Path, help="write a model directory with its card here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.cli import train_command

        code = train_command(
            options["config"],
            resume=options["resume"],
            dev=options["dev"],
            output=options["output"],
            find=options["find_rate"],
        )
        sys.exit(code)
