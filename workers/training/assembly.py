"""The logic of `manage.py assemble_captioner`: a training config in, a model directory out."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import torch

from workers.pipeline.assemble import Part, assemble
from workers.pipeline.errors import ModelError
from workers.pipeline.weights import MODEL_FILES
from workers.training.config import TrainingConfig
from workers.training.errors import TrainingError

EXIT_OK, EXIT_USAGE = 0, 2


def assemble_command(path: Path, output: Path, dtype: str, out: TextIO, err: TextIO) -> int:
    """Assemble the `model` section of the YAML file at `path` and write it to `output`.

    Only the sections `model` and `seed` matter here, so that the same file can be trained from.
    Returns 0, or 2 after one sentence that says what is wrong.
    """
    try:
        config = TrainingConfig.load(path)
        _require_room(output)
        model, parts = assemble(config.model, config.seed)
        revision = model.save_pretrained(output, getattr(torch, dtype))
    except (TrainingError, ModelError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    except OSError as error:
        err.write(f"{output} cannot be written: {error.strerror or error}.\n")
        return EXIT_USAGE
    out.write(f"{output} holds {model.config.name}@{revision}.\n")
    for part in parts:
        out.write(_line(part, config.seed))
    out.write("Train it before its captions mean anything: see train_captioner.\n")
    return EXIT_OK


def _require_room(output: Path) -> None:
    """Raise `ModelError` where a captioner, which may be the only copy, would be overwritten."""
    if output.exists() and not output.is_dir():
        raise ModelError(f"{output} is a file; name a directory.")
    present = [name for name in MODEL_FILES if (output / name).exists()]
    if present:
        raise ModelError(f"{output} already holds {', '.join(present)}; name another directory.")


def _line(part: Part, seed: int) -> str:
    return (
        f"  {part.name}: {part.pretrained:,} pretrained parameters, "
        f"{part.fresh:,} started from seed {seed}\n"
    )
