"""`manage.py train_diffusion CONFIG`: train a small latent diffusion model from one YAML file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.training.latent.cli` does the work."""

    help = "Train a latent diffusion model; everything goes to runs/NAME/, the result to model/."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("config", type=Path, metavar="CONFIG")
        parser.add_argument(
            "--resume", action="store_true", help="continue the run from its checkpoint"
        )
        parser.add_argument("--dev", action="store_true", help="2 %% of the data and 20 steps")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.training.latent.cli import train_diffusion_command

        code = train_diffusion_command(
            options["config"], resume=options["resume"], dev=options["dev"]
        )
        sys.exit(code)
