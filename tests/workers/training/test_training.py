"""Training: the formulas, a run that learns, and one resumed that equals one uninterrupted."""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.workers.training.conftest import scores_without_java, silent, trainer_of
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest
from workers.training.cli import train, train_command
from workers.training.config import TrainingConfig
from workers.training.curves import read_epochs
from workers.training.errors import TrainingError
from workers.training.optim import MovingAverage, caption_loss, parameter_groups, warmup_cosine
from workers.training.prepare import development, prepare
from workers.training.runs import Run

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "workers" / "training" / "configs"


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
    rates = {group["initial_lr"] for group in trainer.stepper.optimizer.param_groups}
    assert rates == {5e-3, 1e-3}
    decays = {group["weight_decay"] for group in trainer.stepper.optimizer.param_groups}
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


def test_a_checkpoint_of_an_earlier_version_goes_on(experiment: dict[str, Any]):
    whole = trainer_of(TrainingConfig.from_dict(experiment))
    whole.fit()
    experiment["name"] = "earlier"
    config = TrainingConfig.from_dict(experiment)
    first = trainer_of(config)
    first.fit(stop_at=6)
    state = first.run.load_checkpoint()
    keys = ("network", "optimizer", "scheduler", "average", "rng", "step", "best", "since_best")
    first.run.save_checkpoint({key: state[key] for key in keys})
    resumed = trainer_of(config)
    resumed.resume()
    resumed.fit()
    ours, theirs = resumed.network.state_dict(), whole.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_run_killed_at_any_moment_resumes_as_if_it_had_not_been(experiment, tmp_path: Path):
    experiment["train"] |= {"epochs": 20, "validate_every": 4, "early_stop": 99}
    experiment["train"]["checkpoint_every"] = 2
    whole = TrainingConfig.from_dict(experiment | {"name": "whole"})
    best = train(whole, report=silent)
    path = tmp_path / "killed.yaml"
    path.write_text(yaml.safe_dump(experiment | {"name": "killed"}))
    killed = TrainingConfig.load(path)
    code = "import sys, pathlib; from workers.training.cli import train_command as train; "
    code += "train(pathlib.Path(sys.argv[1]))"
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=-3)
    checkpoints, path = set(), Run(killed).checkpoint_path
    wanted = random.randint(1, 10)
    while len(checkpoints) < wanted and child.poll() is None:
        if path.is_file():
            checkpoints.add(path.stat().st_mtime_ns)
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.05))
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert 2 <= Run(killed).load_checkpoint()["step"] < 60
    assert train(killed, resume=True, report=silent) == best
    ours, theirs = (Run(config).load_checkpoint() for config in (killed, whole))
    assert all(torch.equal(ours["network"][k], theirs["network"][k]) for k in theirs["network"])
    kept = ("epoch", "step", "loss", "validation_cider", "rates")
    logs = [
        [[event[key] for key in kept] for event in read_epochs(Run(config).metrics_path)]
        for config in (killed, whole)
    ]
    assert logs[0] == logs[1]
    assert len(logs[0]) == 20


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
    environment = json.loads((folder / "environment.json").read_text())
    assert {"git", "packages", "python"} <= set(environment)
    assert environment["seeds"] == {"python": 3, "numpy": 3, "torch": 3}
    assert environment["packages"]["tensorboard"] != "not installed"


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


def test_development_mode_keeps_every_language(bilingual: dict[str, Any]):
    config = TrainingConfig.from_dict(bilingual)
    train(config, dev=True, report=silent)
    events = read_epochs(Path(config.runs) / "colours-dev" / "metrics.jsonl")
    assert set(events[-1]["languages"]) == {"en", "tr"}
    dev = development(config)
    prepared = prepare(dev, Run(dev), share=0.05, report=silent)
    assert len(prepared.training) == 1
    assert {language for photo in prepared.training for language in photo.captions} == {"en", "tr"}


def test_deterministic_operations_can_be_asked_for(experiment: dict[str, Any]):
    experiment |= {"deterministic": True}
    experiment["train"]["epochs"] = 1
    config = TrainingConfig.from_dict(experiment)
    try:
        train(config, report=silent)
        environment = json.loads((Run(config).folder / "environment.json").read_text())
        assert environment["deterministic"] is True
    finally:
        torch.use_deterministic_algorithms(False)


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


def captioner_configs() -> list[Path]:
    """The experiments of this trainer; studies and diffusion models have tests of their own."""
    return [
        path
        for path in sorted(CONFIGS.glob("*.yaml"))
        if {"model", "train"} <= yaml.safe_load(path.read_text(encoding="utf-8")).keys()
    ]


def test_there_are_configs_in_the_repository():
    assert captioner_configs()


@pytest.mark.parametrize("path", captioner_configs(), ids=lambda path: path.stem)
def test_the_configs_in_the_repository_load(path: Path):
    assert TrainingConfig.load(path).name


def test_training_with_output_gives_a_model_directory(experiment, tmp_path: Path, monkeypatch):
    experiment["train"]["epochs"] = 20
    experiment["train"]["validate_every"] = 10
    monkeypatch.setattr("workers.training.finish.score", scores_without_java)
    config = TrainingConfig.from_dict(experiment)
    train(config, output=tmp_path / "model", report=silent)
    captioner = Captioner.from_pretrained(tmp_path / "model")
    photo = (Path(experiment["data"]["path"]) / "images" / "red-50.jpg").read_bytes()
    caption = captioner.caption([CaptionRequest(photo, num=1)])[0].captions[0]
    assert caption.text.endswith(".")
    assert captioner.config.calibration.target
    card = (tmp_path / "model" / "README.md").read_text()
    assert "CIDEr" in card
    assert captioner.revision in card
    assert "$" not in card
