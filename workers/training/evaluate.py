"""Evaluation: caption photos with the shipped code path, score them with the official metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CandidateCaption, CaptionRequest, Language, Strategy
from workers.pipeline.errors import PipelineError
from workers.training.data import CaptionedPhoto, Dataset, load_dataset
from workers.training.errors import TrainingError
from workers.training.metrics import official_scores
from workers.training.photos import PhotoStore
from workers.training.report.bootstrap import intervals
from workers.training.report.slices import slice_report, slices_of
from workers.training.scores import ImageScores

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
    language: Language = "en"
    strategy: Strategy = "beam"


def rows_of(
    dataset: Dataset, split: str, *, without: Iterable[str] = (), limit: int = 0
) -> list[CaptionedPhoto]:
    """The rows of `split` that have references, less the files named in `without`.

    `limit` takes only the first ones, unless 0. Raises `TrainingError` when none is left.
    """
    left_out = frozenset(without)
    rows = [row for row in dataset.of(split) if any(text.strip() for text in row.captions)]
    if not rows:
        raise TrainingError(
            f"There is no split {split!r} with captions; the data has {', '.join(dataset.splits)}."
        )
    rows = [row for row in rows if row.file not in left_out]
    if not rows:
        raise TrainingError(f"Every photo of {split!r} is also in a split that was excluded.")
    return rows[:limit] if limit else rows


def files_of(data: Path, sources: Sequence[str]) -> set[str]:
    """The photos of FILE:SPLIT pairs; raises `TrainingError` for one without a colon or photos."""
    found: set[str] = set()
    for source in sources:
        file, colon, split = source.rpartition(":")
        if not colon or not file or not split:
            raise TrainingError(f"{source!r} is not FILE:SPLIT, like captions.jsonl:train.")
        photos = {row.file for row in load_dataset(data, file).of(split)}
        if not photos:
            raise TrainingError(f"{file} has no split {split!r}.")
        found |= photos
    return found


def predict(
    captioner: Captioner,
    store: PhotoStore,
    rows: Sequence[CaptionedPhoto],
    *,
    strategy: Strategy = "beam",
    num: int = 1,
    language: Language = "en",
    progress: Progress | None = None,
) -> Predictions:
    """Caption `rows` from the photos' bytes.

    Raises `TrainingError` for a language that the captioner does not write: it would answer in
    English, and be scored against the wrong language.
    """
    if language not in captioner.languages:
        known = ", ".join(captioner.languages)
        raise TrainingError(f"{captioner.name} does not write {language!r}; it writes {known}.")
    started = time.perf_counter()
    done: list[CaptionedRow] = []
    failed: dict[str, str] = {}
    for start in range(0, len(rows), BATCH):
        asked: list[tuple[CaptionedPhoto, CaptionRequest]] = []
        for row in rows[start : start + BATCH]:
            try:
                photo = store.read(row.file)
                asked.append((row, CaptionRequest(photo, strategy, num, language)))
            except OSError:
                failed[row.file] = "missing"
        _caption(captioner, asked, done, failed)
        if progress:
            progress(min(start + BATCH, len(rows)), len(rows))
    return Predictions(done, failed, time.perf_counter() - started, language, strategy)


def _caption(
    captioner: Captioner,
    asked: Sequence[tuple[CaptionedPhoto, CaptionRequest]],
    done: list[CaptionedRow],
    failed: dict[str, str],
) -> None:
    outcomes = captioner.caption([request for _, request in asked])
    for (row, _), outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome.error, PipelineError):
            failed[row.file] = outcome.error.code
        else:
            done.append(CaptionedRow(row, outcome.captions))


def score(predictions: Predictions) -> ImageScores:
    """The official scores of the first caption of every row.

    Raises `JavaMissing`, or `TrainingError` for no rows.
    """
    if not predictions.rows:
        raise TrainingError(
            "No photo of this split could be captioned, so there is nothing to score."
        )
    references, candidates = texts_of(predictions)
    return official_scores(references, candidates, predictions.language)


def texts_of(predictions: Predictions) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Human captions and the first caption, keyed by position: a file listed twice is two rows."""
    references = {str(i): list(item.row.captions) for i, item in enumerate(predictions.rows)}
    candidates = {str(i): item.captions[0].text for i, item in enumerate(predictions.rows)}
    return references, candidates


def evaluation_report(
    captioner: Captioner,
    predictions: Predictions,
    scores: ImageScores,
    split: str,
    training: Iterable[CaptionedPhoto] = (),
) -> dict[str, Any]:
    """What `evaluate_captioner --json` prints.

    `training` are the rows in whose captions words are counted for the slice of rare words.
    """
    rows = [item.row for item in predictions.rows]
    slices = slices_of(rows, predictions.language, training)
    return {
        "metrics": {name: round(value, 4) for name, value in scores.figures().items()},
        "intervals": intervals([scores]),
        "language": predictions.language,
        "split": split,
        "photos": len(rows),
        "references": sum(len(row.captions) for row in rows),
        "failed": predictions.failed,
        "strategy": predictions.strategy,
        "slices": slice_report(scores, slices),
        "model": captioner.name,
        "revision": captioner.revision,
        "seconds": round(predictions.seconds, 2),
    }
