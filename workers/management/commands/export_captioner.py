"""`manage.py export_captioner MODEL_DIR --output DIR`: the captioner as ONNX files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Parses the arguments; `workers.export` does the work."""

    help = "Export a captioner to ONNX, in fp32 or int8, and measure what that costs and gains."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add("model", type=Path, metavar="MODEL_DIR")
        add("--output", type=Path, required=True, help="an empty folder, or an older export")
        add("--int8", action="store_true", help="store weights in int8")
        add("--opset", type=int, default=20, help="version of the ONNX operators, 18 to 23 (20)")
        add(
            "--measure",
            type=Path,
            metavar="FILE",
            help="export both formats, measure them beside PyTorch, write the points as JSON",
        )
        add("--data", type=Path, help="with --measure: a folder with captions.jsonl and images")
        add("--split", default="val", help="with --measure (val)")
        add("--limit", type=int, default=200, help="with --measure: photos to caption (200)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and leave with the exit code."""
        # Imported here so that `manage.py help` does not load PyTorch.
        from workers.export.cli import ExportOptions, export_captioner
        from workers.export.measure import MeasureOptions

        data = options["data"] and MeasureOptions(
            data=options["data"],
            split=options["split"],
            limit=options["limit"],
            threads=settings.CAPSITE_THREADS or None,
        )
        wanted = ExportOptions(
            model=options["model"],
            output=options["output"],
            int8=options["int8"],
            opset=options["opset"],
            measured=options["measure"],
            data=data,
        )
        sys.exit(export_captioner(wanted, sys.stdout, sys.stderr))
