"""The logic of `manage.py train_diffusion`, without Django."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from workers.pipeline.errors import PipelineError
from workers.training.cli import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from workers.training.errors import DataProblems, TrainingError
from workers.training.latent.config import DiffusionConfig
from workers.training.latent.train import train_diffusion


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

    def report(line: str) -> None:
        out.write(line + "\n")
        out.flush()

    try:
        train_diffusion(DiffusionConfig.load(config_path), resume=resume, dev=dev, report=report)
    except DataProblems as error:
        err.write(f"{error} Mend this before training:\n")
        err.writelines(f"  - {problem}\n" for problem in error.problems)
        return EXIT_FAILED
    except (TrainingError, PipelineError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    return EXIT_OK
