"""Size, speed and quality of a captioner in PyTorch and in onnxruntime, in fp32 and int8."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workers.export.onnxfiles import DEFAULT_OPSET, export
from workers.export.package import ONNX_FILES, read_manifest
from workers.export.runtime import OnnxCaptioner
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest
from workers.pipeline.errors import ModelError
from workers.pipeline.weights import WEIGHTS_FILE, revision_of
from workers.training.data import CAPTIONS_FILE, CaptionedPhoto, load_dataset
from workers.training.errors import TrainingError
from workers.training.evaluate import predict, rows_of, texts_of
from workers.training.metrics import Candidates, JavaMissing, References, tokenize_officially
from workers.training.photos import PhotoStore

# The larger batch, whose speed is the one drawn.
BATCH = 8
REPEATS = 5
Score = Callable[[References, Candidates], float]


@dataclass(frozen=True)
class MeasureOptions:
    """Photos to measure on: the first `limit` of `split` in the data folder."""

    data: Path
    split: str = "val"
    limit: int = 200
    captions_file: str = CAPTIONS_FILE
    threads: int | None = None


@dataclass(frozen=True)
class Contender:
    """A captioner as one runtime and number format has it, and the bytes of its weights on disk."""

    name: str
    captioner: Captioner
    size: int


def contenders(
    model: Path, folder: Path, threads: int | None, opset: int = DEFAULT_OPSET
) -> list[Contender]:
    """PyTorch in fp32 and int8, and both exports, written into `folder`/fp32 and `folder`/int8.

    Exports of this model that are already there are taken as they are. Both of PyTorch's load the
    same file, whose weights are fp16. Raises `ModelError`.
    """
    found = [
        Contender(
            f"torch {dtype}",
            Captioner.from_pretrained(model, threads=threads, dtype=dtype),
            (model / WEIGHTS_FILE).stat().st_size,
        )
        for dtype in ("fp32", "int8")
    ]
    for name in ("fp32", "int8"):
        _export_once(model, folder / name, name, opset)
        size = sum((folder / name / file).stat().st_size for file in ONNX_FILES)
        captioner = OnnxCaptioner.from_directory(folder / name, threads)
        found.append(Contender(f"onnx {name}", captioner, size))
    return found


def _export_once(model: Path, folder: Path, name: str, opset: int) -> None:
    with suppress(ModelError):
        there = read_manifest(folder)
        if (there.revision, there.format, there.opset) == (revision_of(model), name, opset):
            return
    export(model, folder, int8=name == "int8", opset=opset)


def official_cider(references: References, candidates: Candidates) -> float:
    """CIDEr after the official tokenization; raises `JavaMissing` without Java.

    METEOR, which takes longer than all captions together, is left to `evaluate_captioner`.
    """
    from pycocoevalcap.cider.cider import Cider

    if shutil.which("java") is None:
        raise JavaMissing
    return float(np.mean(Cider().compute_score(*tokenize_officially(references, candidates))[1]))


def measure(
    found: Sequence[Contender], options: MeasureOptions, score: Score = official_cider
) -> list[dict[str, Any]]:
    """One point a contender, with the keys of `workers.training.report.plots.POINT_KEYS` and more.

    Speeds are from a photo's bytes to its beam caption, medians over repeats taken in turns.
    Raises `TrainingError` for data that is not usable.
    """
    dataset = load_dataset(options.data, options.captions_file)
    rows = rows_of(dataset, options.split, limit=options.limit)
    written = [predict(item.captioner, dataset.store, rows) for item in found]
    if not all(predictions.rows for predictions in written):
        raise TrainingError("No photo of this split could be captioned.")
    texts = [texts_of(predictions)[1] for predictions in written]
    ciders = [score(*texts_of(predictions)) for predictions in written]
    photos = _photos(dataset.store, rows)
    singly, together = _speeds(found, photos, 1), _speeds(found, photos, BATCH)
    return [
        {
            "name": item.name,
            "megabytes": round(item.size / 1e6, 2),
            "images_per_second": round(together[number], 2),
            "images_per_second_batch_1": round(singly[number], 2),
            "cider": round(ciders[number], 4),
            "same_captions": _same(texts[0], texts[number]),
            "photos": len(written[number].rows),
            "model": f"{item.captioner.name}@{item.captioner.revision}",
        }
        for number, item in enumerate(found)
    ]


def write_points(points: Sequence[dict[str, Any]], path: Path) -> None:
    """Write what `workers.training.report.plots.read_points` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(points), indent=2) + "\n", encoding="utf-8")


def _photos(store: PhotoStore, rows: Sequence[CaptionedPhoto]) -> list[bytes]:
    """The bytes of the first photos that are there, as many as fill one batch."""
    photos: list[bytes] = []
    for row in rows:
        try:
            photos.append(store.read(row.file))
        except OSError:
            continue
        if len(photos) == BATCH:
            break
    return photos


def _speeds(found: Sequence[Contender], photos: Sequence[bytes], batch: int) -> list[float]:
    """Images per second of each contender for batches of at most `batch` photos."""
    requests = [CaptionRequest(photo, num=1) for photo in photos]
    batches = [requests[start : start + batch] for start in range(0, len(requests), batch)]
    seconds: list[list[float]] = [[] for _ in found]
    for _ in range(REPEATS):
        for item, taken in zip(found, seconds, strict=True):
            started = time.perf_counter()
            for group in batches:
                item.captioner.caption(group)
            taken.append(time.perf_counter() - started)
    return [len(requests) / statistics.median(taken) for taken in seconds]


def _same(wanted: dict[str, str], given: dict[str, str]) -> float:
    """The share of photos with the caption that the first contender wrote."""
    return round(sum(given.get(key) == text for key, text in wanted.items()) / len(wanted), 4)
