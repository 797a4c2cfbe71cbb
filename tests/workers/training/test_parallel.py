"""Two processes train as one: equal weights, the same global batches, one that writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.workers.training.conftest import silent, trainer_of
from workers.training.batches import CaptionBatches
from workers.training.checkpoint import restore_random_state
from workers.training.config import TrainingConfig
from workers.training.curves import read_epochs
from workers.training.errors import TrainingError
from workers.training.prepare import prepare
from workers.training.processes import Processes
from workers.training.runs import Run

ROOT = Path(__file__).parents[3]


def parts(config: TrainingConfig, processes: int) -> list[CaptionBatches]:
    prepared = prepare(config, Run(config), report=silent)
    return [prepared.batches(rank, processes) for rank in range(processes)]


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_out_the_batches_of_one(experiment: dict[str, Any], processes: int):
    experiment["train"]["batch"] = 5
    config = TrainingConfig.from_dict(experiment)
    (alone,) = parts(config, 1)
    for whole, *shared in zip(
        alone.epoch(2), *(part.epoch(2) for part in parts(config, processes)), strict=True
    ):
        counted = [part for part in shared if part.tokens]
        assert sorted(p.file for part in counted for p in part.photos) == sorted(
            photo.file for photo in whole.photos
        )
        assert sum(part.tokens for part in shared) == whole.tokens == whole.total
        assert {part.total for part in shared} == {whole.total}
        rows = {tuple(row[row != 0].tolist()) for row in whole.ids}
        assert rows == {tuple(r[r != 0].tolist()) for part in counted for r in part.ids}


def test_two_processes_train_as_one(experiment: dict[str, Any], tmp_path: Path):
    # Batches of five and one photo: the second process gets two, then none.
    experiment["train"] |= {"batch": 5, "epochs": 6, "early_stop": 99}
    experiment["model"]["decoder"]["dropout"] = 0.0
    content = tmp_path / "values.json"
    content.write_text(json.dumps(experiment))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    script = ["-m", "tests.workers.training.parallel", str(content), str(tmp_path)]
    done = subprocess.run(
        [*launcher, *script], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    weights = {path.stem: torch.load(path) for path in tmp_path.glob("*.pt")}
    assert sorted(weights) == ["parts-0", "parts-1", "whole-0", "whole-1"]
    alone = trainer_of(TrainingConfig.from_dict(experiment))
    alone.fit(stop_at=12)
    for name, value in alone.network.state_dict().items():
        assert torch.equal(weights["whole-0"][name], weights["whole-1"][name]), name
        assert torch.equal(weights["whole-0"][name], weights["parts-0"][name]), name
        assert torch.allclose(weights["whole-0"][name], value, atol=2e-3), name
    epochs = read_epochs(tmp_path / "runs" / "command" / "metrics.jsonl")
    assert [event["epoch"] for event in epochs] == [1, 2, 3, 4, 5, 6]
    checkpoint = Run(TrainingConfig.from_dict(experiment | {"name": "two-whole"})).load_checkpoint()
    assert len(checkpoint["ranks"]) == 2
    with pytest.raises(TrainingError, match="one of 2 processes; these are 1"):
        restore_random_state(checkpoint, Processes(torch.device("cpu")))


def test_devices_that_do_not_exist_are_named():
    with pytest.raises(TrainingError, match="cpu, cuda, auto"):
        Processes.join("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match="no CUDA device"):
            Processes.join("cuda")
        assert Processes.join("auto").device.type == "cpu"
