"""The logic of `manage.py export_captioner`, without Django."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from workers.export.measure import (
    MeasureOptions,
    Score,
    contenders,
    measure,
    official_cider,
    write_points,
)
from workers.export.onnxfiles import DEFAULT_OPSET, export
from workers.export.package import HASHED_FILES
from workers.pipeline.errors import ModelError, PipelineError
from workers.training.errors import TrainingError

EXIT_OK, EXIT_USAGE = 0, 2


@dataclass(frozen=True)
class ExportOptions:
    """What the command line asked for.

    With `measured`, both formats are exported, into `output`/fp32 and `output`/int8, and what is
    measured of them and of PyTorch on `data` is written to that file.
    """

    model: Path
    output: Path
    int8: bool = False
    opset: int = DEFAULT_OPSET
    measured: Path | None = None
    data: MeasureOptions | None = None


def export_captioner(
    options: ExportOptions,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
    score: Score = official_cider,
) -> int:
    """Export and say what was written; returns 0, or 2 when model, folder or data is not usable."""
    try:
        if options.measured is None:
            _export(options, out)
        else:
            _measure(options, options.measured, score, out)
    except (PipelineError, TrainingError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    return EXIT_OK


def _export(options: ExportOptions, out: TextIO) -> None:
    manifest = export(options.model, options.output, int8=options.int8, opset=options.opset)
    for name in HASHED_FILES:
        size = (options.output / name).stat().st_size
        out.write(f"{options.output / name}  {size / 1e6:.2f} MB\n")
    out.write(
        f"{manifest.captioner}@{manifest.revision}, {manifest.format}, opset {manifest.opset}\n"
    )


def _measure(options: ExportOptions, path: Path, score: Score, out: TextIO) -> None:
    if options.data is None:
        raise ModelError("Measuring needs photos: name a data folder with --data.")
    found = contenders(options.model, options.output, options.data.threads, options.opset)
    points = measure(found, options.data, score)
    write_points(points, path)
    for point in points:
        out.write(
            f"{point['name']:10}  {point['megabytes']:8.2f} MB  "
            f"{point['images_per_second_batch_1']:7.2f} images/s singly, "
            f"{point['images_per_second']:7.2f} in batches  CIDEr {point['cider']:.4f}  "
            f"{point['same_captions']:.1%} same captions\n"
        )
