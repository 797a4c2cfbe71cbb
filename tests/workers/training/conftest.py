"""A data set of plain pictures like Flickr8k's, and a config that trains on it in seconds."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.workers.tiny import COLOURS, PATTERNS, TURKISH_COLOURS, plain_photo
from workers.training.config import TrainingConfig
from workers.training.evaluate import Predictions, texts_of
from workers.training.metrics import plain_scores
from workers.training.prepare import prepare
from workers.training.runs import Run
from workers.training.scores import ImageScores
from workers.training.trainer import Trainer


def rows_of_colours() -> list[dict[str, Any]]:
    """Twelve rows: each colour in two sizes, the larger ones for validation."""
    return [
        {
            "file": f"{colour}-{side}.jpg",
            "split": split,
            "captions": [pattern.format(colour) for pattern in PATTERNS],
        }
        for side, split in ((40, "train"), (50, "val"))
        for colour in COLOURS
    ]


def scores_without_java(predictions: Predictions) -> ImageScores:
    """What `workers.training.evaluate.score` gives, by words split plainly."""
    return plain_scores(*texts_of(predictions), predictions.language)


def picture(row: dict[str, Any]) -> bytes:
    colour, side = row["file"].removesuffix(".jpg").split("-")
    return plain_photo(colour, (int(side), int(side)))


def write_rows(directory: Path, rows: Iterable[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (directory / "captions.jsonl").write_text(lines, encoding="utf-8")


@pytest.fixture
def dataset_folder(tmp_path: Path) -> Path:
    """The data set with its pictures in images/."""
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    rows = rows_of_colours()
    write_rows(folder, rows)
    for row in rows:
        (folder / "images" / row["file"]).write_bytes(picture(row))
    return folder


@pytest.fixture
def dataset_tar(tmp_path: Path) -> Path:
    """The same with its pictures in images.tar."""
    folder = tmp_path / "tarred"
    folder.mkdir()
    rows = rows_of_colours()
    write_rows(folder, rows)
    with tarfile.open(folder / "images.tar", "w") as archive:
        for row in rows:
            member = tarfile.TarInfo(f"images/{row['file']}")
            data = picture(row)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    return folder


@pytest.fixture
def experiment(tmp_path: Path, dataset_folder: Path) -> dict[str, Any]:
    """The plain values of a YAML config."""
    return {
        "name": "colours",
        "seed": 3,
        "threads": 1,
        "runs": str(tmp_path / "runs"),
        "data": {"path": str(dataset_folder), "train": ["train"], "validation": "val"},
        "features": {"cache": str(tmp_path / "features"), "views": 2, "batch": 4},
        "tokenizer": {"vocabulary": 330},
        "model": {
            "name": "colours",
            "encoders": [
                {"kind": "conv-grid", "preprocess": {"size": 32}, "options": {"width": 16}}
            ],
            "decoder": {"layers": 1, "width": 32, "heads": 2, "max_tokens": 12, "dropout": 0.1},
        },
        "train": {
            "epochs": 4,
            "batch": 2,
            "learning_rate": 5.0e-3,
            "head_rate": 1.0e-3,
            "early_stop": 9,
            "ema_decay": 0.9,
        },
    }


@pytest.fixture
def config(experiment: dict[str, Any]) -> TrainingConfig:
    return TrainingConfig.from_dict(experiment)


def silent(_: str) -> None:
    """Say nothing."""


def trainer_of(config: TrainingConfig) -> Trainer:
    """A trainer with everything prepared, in a run of its own."""
    run = Run(config)
    return Trainer(prepare(config, run, report=silent), run, silent)


@pytest.fixture
def bilingual(experiment: dict[str, Any], dataset_folder: Path) -> dict[str, Any]:
    """The experiment with Turkish captions, whose validation photo red-40 English trains on."""
    rows = [
        row | {"captions": [f"{TURKISH_COLOURS[row['file'].split('-')[0]]} bir resim"]}
        for row in rows_of_colours()
    ]
    for row in rows:
        row["split"] = "val" if row["file"] == "red-40.jpg" else "train"
    rows = [row for row in rows if "-40" in row["file"]]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (dataset_folder / "captions_tr.jsonl").write_text(text, encoding="utf-8")
    experiment["data"]["captions"] = [
        {"file": "captions.jsonl", "language": "en"},
        {"file": "captions_tr.jsonl", "language": "tr"},
    ]
    experiment["model"]["languages"] = ["en", "tr"]
    return experiment
