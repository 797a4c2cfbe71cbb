"""Training: the formulas, a run that learns, and one resumed that equals one uninterrupted."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest
from workers.training.cli import train, train_command
from workers.training.config import TrainingConfig
from workers.training.errors import TrainingError
from workers.training.optim import MovingAverage, caption_loss, parameter_groups, warmup_cosine
from workers.training.prepare import prepare
from workers.training.runs import Run
from workers.training.trainer import Trainer

CONFIGS = Path(__file__).parents[3] / "workers" / "training" / "configs"


def silent(_: str) -> None:
    """Say nothing."""


def trainer_of(config: TrainingConfig) -> Trainer:
    run = Run(config)
    return Trainer(prepare(config, run, report=silent), run, silent)


def test_loss_ignores_padding_and_smooths():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(1))
    targets = torch.tensor([[1, 2, 0], [3, 0, 0]])
    scores = logits.log_softmax(-1)
    kept = [(0, 0, 1), (0, 1, 2), (1, 0, 3)]
    expected = -sum(0.9 * scores[r, t, c] + 0.1 * scores[r, t].mean() for r, t, c in kept) / 3
    assert caption_loss(logits, targets, pad=0, smoothing=0.1) == pytest.approx(expected.item())


def test_learning_rate_warms_up_and_falls_to_zero():
    factors = [warmup_cosine(step, 100, 0.1) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5)
    assert factors[100] == pytest.approx(0.0)
    assert all(later <= earlier for earlier, later in pairwise(factors[10:]))


def test_moving_average_follows_and_swaps_exactly():
    layer = torch.nn.Linear(3, 3)
    average = MovingAverage(layer, 0.5)
    original = layer.weight.detach().clone()
    with torch.no_grad():
        layer.weight.add_(1.0)
    average.update(layer)
    changed = layer.weight.detach().clone()
    average.swap(layer)
    assert ((layer.weight > original) & (layer.weight < changed)).all()
    average.swap(layer)
    assert torch.equal(layer.weight, changed)


def test_trunks_are_frozen_and_heads_have_their_own_rate(config: TrainingConfig):
    trainer = trainer_of(config)
    encoder = trainer.network.vision_encoders()[0]
    assert not any(p.requires_grad for p in encoder.frozen_parameters())
    rates = {group["initial_lr"] for group in trainer.optimizer.param_groups}
    assert rates == {5e-3, 1e-3}
    decays = {group["weight_decay"] for group in trainer.optimizer.param_groups}
    assert decays == {0.0, 0.01}


def test_heads_stay_frozen_without_a_rate(experiment: dict[str, Any]):
    experiment["train"]["head_rate"] = 0.0
    config = TrainingConfig.from_dict(experiment)
    network = trainer_of(config).network
    parameter_groups(network, config.train)
    assert not any(p.requires_grad for p in network.encoders.parameters())


@pytest.mark.parametrize("stop_at", [4, 6])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(experiment, stop_at: int):
    whole = trainer_of(TrainingConfig.from_dict(experiment))
    whole.fit()
    experiment["name"] = "interrupted"
    config = TrainingConfig.from_dict(experiment)
    trainer_of(config).fit(stop_at=stop_at)
    torch.manual_seed(12345)
    resumed = trainer_of(config)
    resumed.resume()
    assert resumed.step == stop_at
    resumed.fit()
    assert (resumed.step, resumed.best) == (whole.step, whole.best)
    ours, theirs = resumed.network.state_dict(), whole.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_training_learns_and_logs(experiment: dict[str, Any]):
    experiment["train"] |= {"epochs": 60, "batch": 2, "label_smoothing": 0.0}
    experiment["train"]["validate_every"] = 10
    config = TrainingConfig.from_dict(experiment)
    best = train(config, report=silent)
    assert best > 1.0
    folder = Run(config).folder
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len(events) == 60
    assert events[-1]["loss"] < events[0]["loss"] / 1.5
    assert max(event["validation_cider"] or 0 for event in events) == pytest.approx(best, abs=1e-4)
    assert yaml.safe_load((folder / "config.yaml").read_text())["seed"] == 3
    assert {"git", "packages", "python"} <= set(
        json.loads((folder / "environment.json").read_text())
    )


def test_early_stopping(experiment: dict[str, Any]):
    experiment["train"] |= {"epochs": 20, "early_stop": 2, "learning_rate": 1e-9, "head_rate": 0.0}
    trainer = trainer_of(TrainingConfig.from_dict(experiment))
    trainer.fit()
    assert trainer.step == 3 * 3


def test_pretraining_on_text_is_kept_for_the_next_start(experiment, tmp_path: Path):
    text = tmp_path / "text.txt"
    text.write_text("a red picture\na blue square\n" * 20)
    experiment["pretrain"] = {"text": str(text), "epochs": 2, "batch": 8}
    experiment["train"]["epochs"] = 1
    config = TrainingConfig.from_dict(experiment)
    train(config, report=silent)
    folder = Run(config).folder
    assert (folder / "pretrained.pt").is_file()
    assert '"event": "pretrain"' in (folder / "metrics.jsonl").read_text()


def test_a_run_is_never_overwritten(config: TrainingConfig):
    trainer_of(config).fit(stop_at=1)
    with pytest.raises(TrainingError, match="--resume"):
        train(config, report=silent)


def test_resuming_needs_a_checkpoint(config: TrainingConfig):
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(config, resume=True, report=silent)


def test_development_mode_is_a_run_of_its_own(experiment: dict[str, Any]):
    config = TrainingConfig.from_dict(experiment)
    train(config, dev=True, report=silent)
    assert (Path(config.runs) / "colours-dev" / "metrics.jsonl").is_file()


def test_data_problems_are_listed_before_anything_is_written(experiment, dataset_folder, tmp_path):
    (dataset_folder / "images" / "red-40.jpg").unlink()
    (dataset_folder / "images" / "blue-50.jpg").write_bytes(b"junk")
    path = tmp_path / "experiment.yaml"
    path.write_text(yaml.safe_dump(experiment))
    err = io.StringIO()
    assert train_command(path, out=io.StringIO(), err=err) == 1
    assert "2 problems" in err.getvalue()
    assert "red-40.jpg is missing." in err.getvalue()
    assert "blue-50.jpg is corrupt" in err.getvalue()
    assert not Path(experiment["runs"]).exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1", "not valid YAML"),
        ("- a", "mapping"),
        ("train: {speed: 3}", "speed"),
        ("colour: 3", "colour"),
        ("model: {size: 3}", "size"),
    ],
)
def test_bad_configs_are_usage_errors(tmp_path: Path, content: str, message: str):
    path = tmp_path / "bad.yaml"
    path.write_text(content)
    err = io.StringIO()
    assert train_command(path, out=io.StringIO(), err=err) == 2
    assert message in err.getvalue()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_configs_in_the_repository_load(path: Path):
    assert TrainingConfig.load(path).name


def test_training_with_output_gives_a_model_directory(experiment, tmp_path: Path, monkeypatch):
    experiment["train"]["epochs"] = 20
    experiment["train"]["validate_every"] = 10
    monkeypatch.setattr("workers.training.finish.score", lambda predictions: {"CIDEr": 1.25})
    config = TrainingConfig.from_dict(experiment)
    train(config, output=tmp_path / "model", report=silent)
    captioner = Captioner.from_pretrained(tmp_path / "model")
    photo = (Path(experiment["data"]["path"]) / "images" / "red-50.jpg").read_bytes()
    caption = captioner.caption([CaptionRequest(photo, num=1)])[0].captions[0]
    assert caption.text.endswith(".")
    assert captioner.config.calibration.target
    card = (tmp_path / "model" / "README.md").read_text()
    assert "1.250" in card
    assert captioner.revision in card
    assert "$" not in card
