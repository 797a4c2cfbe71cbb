"""The tracker and the curves: what a run wrote is there once, also after it was resumed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.workers.training.conftest import silent, trainer_of
from workers.training.config import TrainingConfig
from workers.training.curves import draw_curves, languages_of, read_epochs
from workers.training.runs import Run
from workers.training.tracker import plain_values


def events_of(config: TrainingConfig) -> EventAccumulator:
    found = EventAccumulator(str(Run(config).folder / "tensorboard"))
    found.Reload()
    return found


def test_a_run_is_tracked_and_drawn(config: TrainingConfig):
    trainer_of(config).fit()
    events = events_of(config)
    assert [event.step for event in events.Scalars("train/loss")] == list(range(1, 13))
    assert [event.step for event in events.Scalars("validation/CIDEr/en")] == [3, 6, 9, 12]
    assert max(event.value for event in events.Scalars("rate/decoder")) == pytest.approx(5e-3)
    assert max(event.value for event in events.Scalars("rate/heads")) == pytest.approx(1e-3)
    (text,) = events.Tensors("config/text_summary")
    assert b'"learning_rate": 0.005' in text.tensor_proto.string_val[0]
    assert "hparams" in events.summary_metadata["_hparams_/experiment"].plugin_data.plugin_name
    folder = Run(config).folder
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "validation CIDEr" in (folder / "curves.svg").read_text() or "<svg" in (
        (folder / "curves.svg").read_text()
    )


def test_a_resumed_run_appends_without_doubling(experiment: dict[str, Any]):
    experiment["train"]["checkpoint_every"] = 2
    config = TrainingConfig.from_dict(experiment)
    first = trainer_of(config)
    first.fit(stop_at=4)
    # Steps and an epoch that a kill takes back, for they are after the checkpoint.
    checkpoint = first.run.checkpoint_path.read_bytes()
    first.fit(stop_at=6)
    first.run.checkpoint_path.write_bytes(checkpoint)
    with first.run.metrics_path.open("a") as file:
        file.write('{"time": 1.0, "eve')
    time.sleep(1.1)  # TensorBoard reads files in the order of the seconds in their names
    resumed = trainer_of(config)
    resumed.resume()
    resumed.fit()
    events = events_of(config)
    assert [event.step for event in events.Scalars("train/loss")] == list(range(1, 13))
    assert [event.step for event in events.Scalars("validation/CIDEr")] == [3, 6, 9, 12]
    assert [event["epoch"] for event in read_epochs(first.run.metrics_path)] == [1, 2, 3, 4]


def test_old_metrics_can_be_drawn_and_no_metrics_are_no_error(tmp_path: Path):
    assert draw_curves(tmp_path) == []
    lines = [
        {"event": "pretrain", "step": 1, "loss": 3.0},
        {"event": "epoch", "epoch": 1, "step": 5, "loss": 2.0, "languages": {}},
        {"event": "epoch", "epoch": 2, "step": 9, "loss": 1.0, "languages": {"en": 0.5, "tr": 0.2}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "metrics.jsonl").write_text(text)
    assert languages_of(read_epochs(tmp_path / "metrics.jsonl")) == {
        "en": [(2, 0.5)],
        "tr": [(2, 0.2)],
    }
    assert [path.name for path in draw_curves(tmp_path)] == ["curves.png", "curves.svg"]


def test_only_the_writing_process_leaves_files(config: TrainingConfig):
    trainer = trainer_of(config)
    trainer.run.writes = False
    before = sorted(path.name for path in trainer.run.folder.iterdir())
    trainer.fit()
    assert sorted(path.name for path in trainer.run.folder.iterdir()) == before
    silent("and says nothing")


def test_hyper_parameters_are_plain():
    values = {"a": {"b": 1, "c": [1, 2]}, "d": "x", "e": None, "f": True}
    assert plain_values(values) == {"a.b": 1, "d": "x", "f": True}
