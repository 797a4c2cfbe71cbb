"""The experiment tracker: TensorBoard files in the run's folder, read without any network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workers.training.config import TrainingConfig
from workers.training.runs import Run

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"
CIDER = "validation/CIDEr"


class Tracker:
    """Writes losses, learning rates, validation figures and the config as text and table.

    A process that does not write its run's files writes nothing here either.
    """

    def __init__(self, run: Run, config: TrainingConfig) -> None:
        self.run = run
        self.config = config
        self.folder = run.folder / FOLDER
        self.done = 0
        self.used = False

    def resume(self, step: int) -> None:
        """Go on after `step`: what an earlier start wrote beyond it is marked as withdrawn."""
        self.done = step

    @cached_property
    def _writer(self) -> SummaryWriter:
        # Imported here: it takes a second, and only runs that take a step need it.
        from torch.utils.tensorboard import SummaryWriter

        fresh = not self.folder.is_dir()
        writer = SummaryWriter(str(self.folder), purge_step=None if fresh else self.done + 1)
        self.used = True
        if fresh:
            _describe(writer, self.config)
        return writer

    def step(self, step: int, loss: float, rates: Mapping[str, float]) -> None:
        """One optimizer step: its loss, and the rates by part of the network."""
        if self.run.writes:
            self._writer.add_scalar("train/loss", loss, step)
            for part, rate in rates.items():
                self._writer.add_scalar(f"rate/{part}", rate, step)
            self.done = step

    def validation(self, step: int, scores: Mapping[str, float]) -> None:
        """CIDEr per language, and their mean."""
        if self.run.writes and scores:
            for language, score in scores.items():
                self._writer.add_scalar(f"{CIDER}/{language}", score, step)
            self._writer.add_scalar(CIDER, sum(scores.values()) / len(scores), step)

    def flush(self) -> None:
        """Bring everything to the disk; before a checkpoint, so that a kill leaves no gap."""
        if self.used:
            self._writer.flush()

    def close(self) -> None:
        """Flush and let go of the file; a later step opens another."""
        if self.used:
            self._writer.close()
            del self._writer
            self.used = False


def _describe(writer: SummaryWriter, config: TrainingConfig) -> None:
    """The config as text, and its plain values as hyper-parameters beside the figure they gave."""
    from torch.utils.tensorboard.summary import hparams

    values = config.to_dict()
    text = json.dumps(values, indent=2, ensure_ascii=False)
    writer.add_text("config", "\n".join(f"    {line}" for line in text.splitlines()), 0)
    for summary in hparams(plain_values(values), {CIDER: 0.0}):
        writer._get_file_writer().add_summary(summary)


def plain_values(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Numbers, truth values and texts of nested mappings by their dotted names."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= plain_values(value, f"{prefix}{key}.")
        elif isinstance(value, bool | int | float | str):
            found[f"{prefix}{key}"] = value
    return found
