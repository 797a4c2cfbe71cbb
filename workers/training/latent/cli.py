"""The logic of `manage.py train_diffusion`, without Django."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from workers.training.console import run_reported
from workers.training.latent.config import DiffusionConfig
from workers.training.latent.train import train_diffusion
from workers.training.prepare import Report


def train_diffusion_command(
    config_path: Path,
    *,
    resume: bool = False,
    dev: bool = False,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
) -> int:
    """Train from a YAML file.

    0 on success, 1 when the data has problems (all are listed), 2 for a bad config.
    """

    def work(report: Report) -> None:
        config = DiffusionConfig.load(config_path)
        train_diffusion(config, resume=resume, dev=dev, report=report)

    return run_reported(work, out, err)
