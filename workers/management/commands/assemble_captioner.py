"""`manage.py assemble_captioner CONFIG --output DIR`: a captioner from pretrained parts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.assembly` does the work."""

    help = "Put a captioner together from pretrained directories that the config's model names."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("config", type=Path, metavar="CONFIG")
        parser.add_argument("--output", type=Path, required=True, help="the new model directory")
        parser.add_argument("--dtype", choices=["float16", "float32"], default="float16")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.assembly import assemble_command

        code = assemble_command(
            options["config"], options["output"], options["dtype"], sys.stdout, sys.stderr
        )
        sys.exit(code)
