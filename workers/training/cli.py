"""The logic of `manage.py train_captioner` and `manage.py evaluate_captioner`, without Django."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import torch

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import Strategy
from workers.pipeline.errors import PipelineError
from workers.pipeline.memory import keep_freed_memory
from workers.training.config import TrainingConfig
from workers.training.data import load_dataset
from workers.training.errors import DataProblems, TrainingError
from workers.training.evaluate import evaluation_report, predict, score
from workers.training.finish import finish
from workers.training.prepare import DEVELOPMENT_SHARE, development, prepare
from workers.training.pretrain import pretrain_decoder
from workers.training.runs import Run
from workers.training.trainer import Trainer

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


@dataclass(frozen=True)
class EvaluationOptions:
    """What `evaluate_captioner` was asked: `limit` 0 means every photo of the split."""

    model: Path
    data: Path
    split: str
    strategy: Strategy = "beam"
    limit: int = 0
    as_json: bool = False
    threads: int | None = None


def evaluate_command(
    options: EvaluationOptions, out: TextIO = sys.stdout, err: TextIO = sys.stderr
) -> int:
    """Score a split with the official metrics.

    0 on success, 2 when model, data or Java is not usable.
    """
    try:
        captioner = Captioner.from_pretrained(options.model, threads=options.threads)
        dataset = load_dataset(options.data)
        predictions = predict(
            captioner, dataset, options.split, strategy=options.strategy, limit=options.limit
        )
        metrics = score(predictions)
    except (TrainingError, PipelineError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    for file, reason in predictions.failed.items():
        err.write(f"{file}: {reason}, left out.\n")
    report = evaluation_report(captioner, predictions, metrics, options.split, options.strategy)
    if options.as_json:
        out.write(json.dumps(report) + "\n")
    else:
        out.writelines(f"{name:8} {value:.4f}\n" for name, value in metrics.items())
        out.write(f"{report['photos']} photos in {report['seconds']} s\n")
    return EXIT_OK


def train_command(
    config_path: Path,
    *,
    resume: bool = False,
    dev: bool = False,
    output: Path | None = None,
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
        config = TrainingConfig.load(config_path)
        train(config, resume=resume, dev=dev, output=output, report=report)
    except DataProblems as error:
        err.write(f"{error} Mend this before training:\n")
        err.writelines(f"  - {problem}\n" for problem in error.problems)
        return EXIT_FAILED
    except (TrainingError, PipelineError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    return EXIT_OK


def train(
    config: TrainingConfig,
    *,
    resume: bool = False,
    dev: bool = False,
    output: Path | None = None,
    report: Callable[[str], None] = print,
) -> float:
    """One experiment from data to best validation CIDEr.

    With `output` also to a model directory with its card.

    A run that exists is never overwritten: without `resume` it is refused.
    """
    keep_freed_memory()
    torch.set_num_threads(config.threads)
    config = development(config) if dev else config
    run = Run(config)
    if run.checkpoint_path.is_file() and not resume:
        raise TrainingError(
            f"The run {run.folder} exists: continue it with --resume, or name another."
        )
    prepared = prepare(config, run, share=DEVELOPMENT_SHARE if dev else 1.0, report=report)
    if config.pretrain.epochs and not run.checkpoint_path.is_file():
        report("Pre-training the decoder on text.")
        pretrain_decoder(prepared.network, prepared.tokenizer, prepared.config, run)
    trainer = Trainer(prepared, run, report)
    if resume:
        trainer.resume()
    best = trainer.fit()
    report(f"Best validation CIDEr {best:.4f} after {trainer.step:,} steps.")
    if output is not None:
        finish(prepared, run, output, best, report)
    return best
