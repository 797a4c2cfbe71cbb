"""A run's folder: its config, environment, metrics, and its checkpoint for resuming."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
import yaml

from workers.training.config import TrainingConfig
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
)


class Run:
    """Writes what happens in one training run to `runs/NAME/`."""

    def __init__(self, config: TrainingConfig) -> None:
        self.folder = Path(config.runs) / config.name
        self.checkpoint_path = self.folder / "checkpoint.pt"
        self.best_path = self.folder / "best.pt"
        self.tokenizer_path = self.folder / "tokenizer.json"

    def start(self, config: TrainingConfig) -> None:
        """Write config and environment; a resumed run keeps the metrics it has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(json.loads(json.dumps(config.to_dict())), sort_keys=False)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")
        (self.folder / "environment.json").write_text(json.dumps(environment(), indent=2) + "\n")

    def log(self, event: str, **values: Any) -> None:
        """Append one line to metrics.jsonl."""
        line = json.dumps({"time": round(time.time(), 1), "event": event, **values})
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def write_predictions(self, predictions: Predictions) -> None:
        """Write predictions.jsonl: what was said about each photo, to look at by hand."""
        with (self.folder / "predictions.jsonl").open("w", encoding="utf-8") as file:
            for item in predictions.rows:
                captions = [asdict(caption) for caption in item.captions]
                line = {"file": item.row.file, "captions": captions, "human": item.row.captions}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def save_checkpoint(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint at once, so that a kill in the middle leaves the one before."""
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


def environment() -> dict[str, Any]:
    """What a reader needs to repeat the run: code revision, versions, machine."""
    return {
        "git": git_revision(),
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
