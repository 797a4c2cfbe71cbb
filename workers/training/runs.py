"""A run's folder: its config, environment, metrics, and its checkpoint for resuming."""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import yaml

from workers.training.errors import TrainingError
from workers.training.evaluate import Predictions

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "efficientnet_lite_pytorch",
    "pillow",
    "numpy",
    "diffusers",
    "accelerate",
    "tensorboard",
)


class RunConfig(Protocol):
    """What a run's folder needs to know of its config."""

    @property
    def name(self) -> str:
        """Of the run."""
        ...

    @property
    def runs(self) -> str:
        """The folder of all runs."""
        ...

    @property
    def seed(self) -> int:
        """Of all that is drawn."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        ...


class Run:
    """Writes what happens in one training run to `runs/NAME/`.

    Of several processes that train together all read but one, which `writes`.
    """

    def __init__(self, config: RunConfig, writes: bool = True) -> None:
        self.writes = writes
        self.folder = Path(config.runs) / config.name
        self.checkpoint_path = self.folder / "checkpoint.pt"
        self.best_path = self.folder / "best.pt"
        self.tokenizer_path = self.folder / "tokenizer.json"
        self.metrics_path = self.folder / "metrics.jsonl"

    def start(self, config: RunConfig) -> None:
        """Write config and environment; a resumed run keeps the metrics it has."""
        if not self.writes:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(json.loads(json.dumps(config.to_dict())), sort_keys=False)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")
        (self.folder / "environment.json").write_text(
            json.dumps(environment(config.seed), indent=2) + "\n"
        )

    def log(self, event: str, **values: Any) -> None:
        """Append one line to metrics.jsonl."""
        if not self.writes:
            return
        line = json.dumps({"time": round(time.time(), 1), "event": event, **values})
        with self.metrics_path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def forget_epochs_after(self, step: int) -> None:
        """Drop the lines of epochs that ended after `step`: a resumed run writes them again."""
        if not self.writes or not self.metrics_path.is_file():
            return
        lines = self.metrics_path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not _is_epoch_after(line, step)]
        if kept != lines:
            partial = self.metrics_path.with_suffix(".partial")
            partial.write_text("".join(kept), encoding="utf-8")
            os.replace(partial, self.metrics_path)

    def write_predictions(self, predictions: Predictions) -> None:
        """Write predictions.jsonl: what was said about each photo, to look at by hand."""
        with (self.folder / "predictions.jsonl").open("w", encoding="utf-8") as file:
            for item in predictions.rows:
                captions = [asdict(caption) for caption in item.captions]
                line = {"file": item.row.file, "captions": captions, "human": item.row.captions}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def save_checkpoint(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint at once, so that a kill in the middle leaves the one before."""
        if self.writes:
            save_atomically(state, self.checkpoint_path)

    def load_checkpoint(self) -> dict[str, Any]:
        """The last checkpoint; raises `TrainingError` when there is none."""
        if not self.checkpoint_path.is_file():
            raise TrainingError(f"There is nothing to resume: {self.checkpoint_path} is missing.")
        return torch.load(self.checkpoint_path, map_location="cpu", weights_only=True)


def save_atomically(state: Any, path: Path) -> None:
    """`torch.save` to a file beside `path`, then rename."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def _is_epoch_after(line: str, step: int) -> bool:
    """Also true of the half line that a kill can leave behind."""
    try:
        event = json.loads(line)
    except ValueError:
        return True
    return event.get("event") == "epoch" and event["step"] > step


def seed_everything(seed: int) -> None:
    """Seed every generator that some library might draw from; ours have seeds of their own."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def environment(seed: int) -> dict[str, Any]:
    """What a reader needs to repeat the run: code revision, seeds, versions, machine."""
    return {
        "git": git_revision(),
        "seeds": {"python": seed, "numpy": seed % 2**32, "torch": seed},
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def git_revision() -> str:
    """The commit the code is at, with `-dirty` when files differ from it.

    `unknown` outside a checkout.
    """
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
