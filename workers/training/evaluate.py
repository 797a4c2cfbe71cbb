"""Evaluation: caption a split with the shipped code path, score it with the official metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CandidateCaption, CaptionRequest, Strategy
from workers.pipeline.errors import PipelineError
from workers.training.data import CaptionedPhoto, Dataset
from workers.training.errors import TrainingError
from workers.training.metrics import official_metrics

BATCH = 16
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CaptionedRow:
    """A row of the data set and what the captioner wrote for it, best first."""

    row: CaptionedPhoto
    captions: tuple[CandidateCaption, ...]


@dataclass(frozen=True)
class Predictions:
    """The rows that were captioned, those that were not and why, and the seconds it took."""

    rows: list[CaptionedRow]
    failed: dict[str, str]
    seconds: float


def predict(
    captioner: Captioner,
    dataset: Dataset,
    split: str,
    *,
    strategy: Strategy = "beam",
    num: int = 1,
    limit: int = 0,
    progress: Progress | None = None,
) -> Predictions:
    """Caption the rows of `split` that have references, from the photos' bytes.

    `limit` takes only the first ones, unless 0.

    Raises `TrainingError` when the split has none.
    """
    rows = [row for row in dataset.of(split) if any(text.strip() for text in row.captions)]
    if not rows:
        raise TrainingError(
            f"There is no split {split!r} with captions; the data has {', '.join(dataset.splits)}."
        )
    rows = rows[:limit] if limit else rows
    started = time.perf_counter()
    done: list[CaptionedRow] = []
    failed: dict[str, str] = {}
    for start in range(0, len(rows), BATCH):
        _predict_batch(captioner, dataset, rows[start : start + BATCH], strategy, num, done, failed)
        if progress:
            progress(min(start + BATCH, len(rows)), len(rows))
    return Predictions(done, failed, time.perf_counter() - started)


def _predict_batch(
    captioner: Captioner,
    dataset: Dataset,
    rows: Sequence[CaptionedPhoto],
    strategy: Strategy,
    num: int,
    done: list[CaptionedRow],
    failed: dict[str, str],
) -> None:
    present: list[tuple[CaptionedPhoto, CaptionRequest]] = []
    for row in rows:
        try:
            photo = dataset.store.read(row.file)
            present.append((row, CaptionRequest(photo, strategy, num)))
        except OSError:
            failed[row.file] = "missing"
    outcomes = captioner.caption([request for _, request in present])
    for (row, _), outcome in zip(present, outcomes, strict=True):
        if isinstance(outcome.error, PipelineError):
            failed[row.file] = outcome.error.code
        else:
            done.append(CaptionedRow(row, outcome.captions))


def score(predictions: Predictions) -> dict[str, float]:
    """The official metrics of the first caption of every row.

    Raises `JavaMissing`, or `TrainingError` for no rows.
    """
    if not predictions.rows:
        raise TrainingError(
            "No photo of this split could be captioned, so there is nothing to score."
        )
    # Rows are keyed by position: a file listed twice is two rows.
    references = {str(i): list(item.row.captions) for i, item in enumerate(predictions.rows)}
    candidates = {str(i): item.captions[0].text for i, item in enumerate(predictions.rows)}
    return official_metrics(references, candidates)


def evaluation_report(
    captioner: Captioner,
    predictions: Predictions,
    metrics: dict[str, float],
    split: str,
    strategy: str,
) -> dict[str, Any]:
    """What `evaluate_captioner --json` prints."""
    return {
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
        "split": split,
        "photos": len(predictions.rows),
        "references": sum(len(item.row.captions) for item in predictions.rows),
        "failed": predictions.failed,
        "strategy": strategy,
        "model": captioner.name,
        "revision": captioner.revision,
        "seconds": round(predictions.seconds, 2),
    }
