"""What each of the processes of test_parallel.py does: train, stop, resume, write its weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from tests.workers.training.conftest import silent
from workers.training.cli import train
from workers.training.config import TrainingConfig
from workers.training.prepare import prepare
from workers.training.processes import Processes
from workers.training.runs import Run
from workers.training.trainer import Trainer


def main(content: Path, output: Path) -> None:
    """Train the config in `content` whole and in two goes; `output` gets each rank's weights."""
    values = json.loads(content.read_text())
    torch.set_num_threads(1)
    processes = Processes.join("cpu")
    for name, stops in (("whole", [12]), ("parts", [3, 12])):
        config = TrainingConfig.from_dict(values | {"name": f"two-{name}"})
        for number, stop in enumerate(stops):
            run = Run(config, writes=processes.main)
            with processes.main_first():
                prepared = prepare(config, run, report=silent)
            trainer = Trainer(prepared, run, silent, processes)
            if number:
                trainer.resume()
            trainer.fit(stop_at=stop)
        torch.save(trainer.network.state_dict(), output / f"{name}-{processes.rank}.pt")
    train(TrainingConfig.from_dict(values | {"name": "command"}), report=silent)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
