"""After training in two languages: one model, one confidence, one card with both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.workers.tiny import COLOURS
from tests.workers.training.conftest import rows_of_colours, scores_without_java
from workers.pipeline.captioner import Captioner
from workers.training.cli import train
from workers.training.config import TrainingConfig
from workers.training.runs import Run

TURKISH = dict(zip(COLOURS, ("kırmızı", "yeşil", "mavi", "sarı", "siyah", "beyaz"), strict=True))


def turkish_rows() -> list[dict[str, Any]]:
    """The data set of colours again, two Turkish captions each."""
    rows = rows_of_colours()
    for row in rows:
        word = TURKISH[row["file"].split("-")[0]]
        row["captions"] = [f"{word.capitalize()} bir resim.", f"Düz {word} resim"]
    return rows


def test_two_languages_are_finished_together(
    experiment: dict[str, Any], dataset_folder: Path, tmp_path: Path, monkeypatch
):
    lines = [json.dumps(row) for row in turkish_rows()]
    (dataset_folder / "captions_tr.jsonl").write_text("\n".join(lines), encoding="utf-8")
    experiment["data"]["captions"] = [
        {"file": "captions.jsonl", "language": "en"},
        {"file": "captions_tr.jsonl", "language": "tr"},
    ]
    experiment["model"]["languages"] = ["en", "tr"]
    experiment["train"] |= {"epochs": 30, "validate_every": 15}
    monkeypatch.setattr("workers.training.finish.score", scores_without_java)
    config = TrainingConfig.from_dict(experiment)
    train(config, output=tmp_path / "model", report=lambda line: None)
    folder = Run(config).folder
    found = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    assert set(found["evaluations"]) == {"en", "tr"}
    assert found["evaluations"]["tr"]["references"] == 12
    assert "--captions-file captions_tr.jsonl" in found["evaluations"]["tr"]["command"]
    assert set(found["confidence"]["tr"]) == {"beam", "nucleus", "greedy"}
    assert (folder / "reliability-tr.png").is_file()
    predictions = [json.loads(line) for line in (folder / "predictions.jsonl").open()]
    assert [item["captions"][0]["language"] for item in predictions] == ["en"] * 6 + ["tr"] * 6
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert metrics["tr"]["CIDEr"] == found["evaluations"]["tr"]["metrics"]["CIDEr"]
    captioner = Captioner.from_pretrained(tmp_path / "model")
    assert captioner.config.calibration.scale == found["calibration"]["scale"]
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert captioner.revision in card
    assert "TasvirEt" in card
    assert "$" not in card
