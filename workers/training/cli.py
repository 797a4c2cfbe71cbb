"""The logic of `manage.py train_captioner`, without Django."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TextIO

import torch

from workers.pipeline.memory import keep_freed_memory
from workers.training.config import TrainingConfig
from workers.training.console import run_reported
from workers.training.errors import TrainingError
from workers.training.finder import find_rate
from workers.training.finish import finish
from workers.training.prepare import DEVELOPMENT_SHARE, Report, development, prepare
from workers.training.pretrain import pretrain_decoder
from workers.training.processes import Processes
from workers.training.runs import Run
from workers.training.teachers import with_teacher_captions
from workers.training.trainer import Trainer


def train_command(
    config_path: Path,
    *,
    resume: bool = False,
    dev: bool = False,
    output: Path | None = None,
    find: bool = False,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
) -> int:
    """Train from a YAML file, or with `find` only find a learning rate for it.

    0 on success, 1 when the data has problems (all are listed), 2 for a bad config.
    """

    def work(report: Report) -> None:
        config = TrainingConfig.load(config_path)
        if find:
            find_rate_for(config, dev=dev, report=report)
        else:
            train(config, resume=resume, dev=dev, output=output, report=report)

    return run_reported(work, out, err)


def train(
    config: TrainingConfig,
    *,
    resume: bool = False,
    dev: bool = False,
    output: Path | None = None,
    report: Report = print,
) -> float:
    """One experiment from data to best validation CIDEr.

    With `output` also to a model directory with its card.

    A run that exists is never overwritten: without `resume` it is refused.
    """
    processes = _set_up(config)
    config = development(config) if dev else config
    run = Run(config, writes=processes.main)
    if run.checkpoint_path.is_file() and not resume:
        raise TrainingError(
            f"The run {run.folder} exists: continue it with --resume, or name another."
        )
    report = report if processes.main else _silent
    # Checks before the others go on, who would see the checkpoint of a fast main process.
    processes.wait()
    with processes.main_first():
        prepared = prepare(config, run, share=DEVELOPMENT_SHARE if dev else 1.0, report=report)
        if config.pretrain.epochs and not run.checkpoint_path.is_file():
            report("Pre-training the decoder on text.")
            pretrain_decoder(prepared.network, prepared.tokenizer, prepared.config, run)
        prepared = with_teacher_captions(prepared, run, report)
    trainer = Trainer(prepared, run, report, processes)
    if resume:
        trainer.resume()
    best = trainer.fit()
    report(f"Best validation CIDEr {best:.4f} after {trainer.step:,} steps.")
    if output is not None and processes.main:
        finish(prepared, run, output, best, report)
    processes.wait()
    return best


def find_rate_for(
    config: TrainingConfig, *, dev: bool = False, report: Report = print
) -> dict[str, Any]:
    """Sweep the learning rate on a fresh network; a run of the same name stays as it is."""
    processes = _set_up(config)
    if processes.count > 1:
        raise TrainingError("The learning rate is found with one process.")
    config = development(config) if dev else config
    run = Run(config)
    share = DEVELOPMENT_SHARE if dev else 1.0
    prepared = prepare(config, run, share=share, report=report, describe=False)
    return find_rate(prepared, run, processes, report)


def _set_up(config: TrainingConfig) -> Processes:
    """Meet the other processes, and give this one its memory, threads and kind of operations."""
    processes = Processes.join(config.device)
    keep_freed_memory()
    torch.set_num_threads(config.threads)
    if config.deterministic:
        torch.use_deterministic_algorithms(True, warn_only=True)
    return processes


def _silent(_: str) -> None:
    """The processes that are not the main one say nothing."""
