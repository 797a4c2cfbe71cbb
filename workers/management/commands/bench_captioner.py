"""`manage.py bench_captioner`: our captioning beside `transformers` `generate`, in one run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

OUT_OF_THE_BOX = "300000"  # turns, libgomp's default where no policy is set


class Command(BaseCommand):
    """Parses the arguments; `workers.bench` does the work."""

    help = "Measure captions per second beside generate: same weights, same machine, in turns."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--model", type=Path, help="a model directory (the configured one)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON lines")
        parser.add_argument("--batch", type=int, nargs="+", default=[], help="sizes (1 8 32)")
        parser.add_argument(
            "--strategy", nargs="+", default=[], help="greedy, beam5, beam10 (all of them)"
        )
        parser.add_argument("--quick", action="store_true", help="batches 1 and 8, once each")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code the request deserves."""
        # `generate` runs as out of the box: OpenMP's threads spin for a while before they sleep. A
        # worker's sleep at once (workers/pipeline), which costs `generate` more than it costs us.
        os.environ.setdefault("GOMP_SPINCOUNT", OUT_OF_THE_BOX)
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.bench.cli import BenchOptions, bench_captioner

        wanted = BenchOptions(
            model=options["model"] or Path(settings.CAPSITE_MODEL_DIR),
            batches=options["batch"],
            strategies=options["strategy"],
            quick=options["quick"],
            as_json=options["as_json"],
            threads=settings.CAPSITE_THREADS or None,
        )
        sys.exit(bench_captioner(wanted, sys.stdout, sys.stderr))
