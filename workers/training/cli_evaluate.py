"""The logic of `manage.py evaluate_captioner`, without Django."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import Language, Strategy
from workers.pipeline.errors import PipelineError
from workers.training.calibrate import reliability, samples_of
from workers.training.data import CAPTIONS_FILE, load_dataset
from workers.training.errors import TrainingError
from workers.training.evaluate import (
    Predictions,
    evaluation_report,
    files_of,
    predict,
    rows_of,
    score,
)
from workers.training.report.confidence import CAPTIONS, judging_half
from workers.training.report.plots import reliability_diagram

EXIT_OK, EXIT_USAGE = 0, 2


@dataclass(frozen=True)
class EvaluationOptions:
    """What `evaluate_captioner` was asked: `limit` 0 means every photo of the split.

    `exclude` holds FILE:SPLIT pairs of caption files in the data folder whose photos are left out.
    With `confidence` three captions a photo are written and their confidence is judged; `figures`
    is a folder for the diagram.
    """

    model: Path
    data: Path
    split: str
    strategy: Strategy = "beam"
    limit: int = 0
    as_json: bool = False
    threads: int | None = None
    language: Language = "en"
    captions_file: str = CAPTIONS_FILE
    exclude: Sequence[str] = ()
    confidence: bool = False
    figures: Path | None = None


def evaluate_command(
    options: EvaluationOptions, out: TextIO = sys.stdout, err: TextIO = sys.stderr
) -> int:
    """Score a split with the official metrics.

    0 on success, 2 when model, data or Java is not usable.
    """
    try:
        report, predictions = _evaluate(options)
    except (TrainingError, PipelineError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    for file, reason in predictions.failed.items():
        err.write(f"{file}: {reason}, left out.\n")
    if options.as_json:
        out.write(json.dumps(report) + "\n")
    else:
        _write_text(report, out)
    return EXIT_OK


def _evaluate(options: EvaluationOptions) -> tuple[dict[str, Any], Predictions]:
    captioner = Captioner.from_pretrained(options.model, threads=options.threads)
    dataset = load_dataset(options.data, options.captions_file)
    left_out = files_of(options.data, options.exclude)
    rows = rows_of(dataset, options.split, without=left_out, limit=options.limit)
    judged = options.confidence or options.figures is not None
    predictions = predict(
        captioner,
        dataset.store,
        rows,
        strategy=options.strategy,
        num=CAPTIONS if judged else 1,
        language=options.language,
    )
    others = [row for row in dataset.rows if row.split != options.split]
    report = evaluation_report(captioner, predictions, score(predictions), options.split, others)
    report["excluded"] = list(options.exclude)
    if judged:
        report["confidence"] = _judge(captioner, predictions, options.figures)
    return report, predictions


def _judge(captioner: Captioner, predictions: Predictions, figures: Path | None) -> dict[str, Any]:
    """How the model's own formula holds on the photos between those it was fitted on."""
    samples = samples_of(judging_half(predictions).rows, predictions.language)
    if not samples:
        raise TrainingError("Confidence needs at least two photos.")
    found = reliability(
        samples, captioner.config.calibration.of(predictions.language, predictions.strategy)
    )
    if figures is not None:
        name = f"reliability-{predictions.language}-{predictions.strategy}"
        title = f"{captioner.name}, {predictions.language}"
        for suffix in (".png", ".svg"):
            reliability_diagram({predictions.strategy: found}, figures / (name + suffix), title)
    return found


def _write_text(report: dict[str, Any], out: TextIO) -> None:
    for name, value in report["metrics"].items():
        low, high = report["intervals"][name]
        out.write(f"{name:8} {value:.4f}  [{low:.4f}, {high:.4f}]\n")
    for name, part in report["slices"].items():
        figure = f"CIDEr {part['metrics']['CIDEr']:.4f}" if "metrics" in part else "too few"
        out.write(f"  {name}: {part['photos']} photos, {figure}\n")
    if "confidence" in report:
        low, high = report["confidence"]["ece_interval"]
        ece = report["confidence"]["ece"]
        out.write(f"expected calibration error {ece:.4f}  [{low:.4f}, {high:.4f}]\n")
    out.write(f"{report['photos']} photos in {report['seconds']} s\n")
