"""The logic of `manage.py bench_captioner`: a model directory in, one line a case out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import torch

from workers.bench.cases import BATCHES, WIDTHS, cases
from workers.bench.contenders import Bench
from workers.bench.measure import measure
from workers.pipeline.errors import ModelError, RequestError
from workers.pipeline.memory import keep_freed_memory

EXIT_OK, EXIT_USAGE = 0, 2
REPEATS = 5
COLUMNS = (
    ("strategy", 8),
    ("width", 5),
    ("batch", 5),
    ("dtype", 5),
    ("cached", 6),
    ("images_per_second", 17),
    ("generate_images_per_second", 26),
    ("ratio", 6),
)


@dataclass(frozen=True)
class BenchOptions:
    """What the command line asked for.

    `quick` measures single photos and batches of 8, once each, to see that all of it works.
    """

    model: Path
    batches: Sequence[int] = ()
    strategies: Sequence[str] = ()
    quick: bool = False
    as_json: bool = False
    threads: int | None = None


def bench_captioner(
    options: BenchOptions, out: TextIO = sys.stdout, err: TextIO = sys.stderr
) -> int:
    """Measure every case and write it when it is done; returns 0, or 2 when nothing can be tried.

    `threads` caps PyTorch's threads for this whole process.
    """
    batches = options.batches or (BATCHES[:2] if options.quick else BATCHES)
    try:
        wanted = list(cases(options.strategies or list(WIDTHS), batches))
        keep_freed_memory()
        if options.threads:
            torch.set_num_threads(options.threads)
        bench = Bench.load(options.model)
    except (ModelError, RequestError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    if not options.as_json:
        out.write("  ".join(name.rjust(width) for name, width in COLUMNS) + "\n")
    for case in wanted:
        line = measure(bench, case, 1 if options.quick else REPEATS)
        out.write(json.dumps(line) + "\n" if options.as_json else _row(line))
        out.flush()
    return EXIT_OK


def _row(line: dict[str, Any]) -> str:
    return "  ".join(str(line[name]).rjust(width) for name, width in COLUMNS) + "\n"
