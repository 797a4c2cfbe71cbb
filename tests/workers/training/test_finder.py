"""The learning-rate finder: its rule, its files, and a run that it leaves alone."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workers.training.conftest import trainer_of
from workers.training.cli import train_command
from workers.training.config import TrainingConfig
from workers.training.finder import smoothed, suggest
from workers.training.runs import Run


def test_smoothing_has_no_pull_towards_zero():
    assert smoothed([2.0] * 5) == pytest.approx([2.0] * 5)
    falling = smoothed([4.0, 2.0])
    assert 2.0 < falling[1] < 4.0


def test_the_suggestion_is_a_tenth_of_the_rate_with_the_lowest_loss():
    rates = [1e-5 * 10 ** (step / 10) for step in range(50)]
    losses = [(math.log10(rate) + 2) ** 2 for rate in rates]
    assert suggest(rates, losses) == pytest.approx(1e-3, rel=0.01)


def test_the_finder_sweeps_and_touches_no_run(experiment: dict[str, Any], tmp_path: Path):
    config = TrainingConfig.from_dict(experiment)
    trainer_of(config).fit(stop_at=1)
    folder = Run(config).folder
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    path = tmp_path / "colours.yaml"
    path.write_text(yaml.safe_dump(experiment))
    out = io.StringIO()
    assert train_command(path, find=True, out=out) == 0
    assert {name: (folder / name).read_bytes() for name in before} == before
    found = json.loads((folder / "rate-finder.json").read_text())
    assert found["rates"][0] == pytest.approx(1e-6)
    assert found["rates"] == sorted(found["rates"])
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"])
    assert 1e-5 < found["suggestion"] < 1e-1
    assert f"{found['suggestion']:.1e}" in out.getvalue()
    assert (folder / "rate-finder.png").read_bytes().startswith(b"\x89PNG")
