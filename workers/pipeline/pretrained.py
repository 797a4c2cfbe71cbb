"""Model directories of `transformers` as sources of weights: read, checked, and nothing printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging

from workers.pipeline.errors import ModelError

# What a config says of its file rather than of the network.
_NOT_ARCHITECTURE = ("transformers_version", "architectures", "dtype", "_name_or_path")


def read_architecture(directory: str | Path) -> PreTrainedConfig:
    """The config of a model directory.

    Of a CLIP-like model with two towers it is the vision tower's. Raises `ModelError`.
    """
    if not Path(directory).is_dir():
        raise ModelError(f"The model directory {directory} does not exist.")
    try:
        config = AutoConfig.from_pretrained(directory, local_files_only=True)
    except Exception as error:
        # Missing file, bad JSON, unknown model type, a value of the wrong type: each its own kind.
        reason = " ".join(str(error).split())
        raise ModelError(f"{directory} is not a `transformers` directory: {reason}") from error
    return getattr(config, "vision_config", config)


def describe_architecture(config: PreTrainedConfig) -> dict[str, Any]:
    """Plain values from which `architecture_from` makes the same config again."""
    values = config.to_diff_dict()
    return {key: value for key, value in values.items() if key not in _NOT_ARCHITECTURE}


def architecture_from(description: dict[str, Any]) -> PreTrainedConfig:
    """The config that `describe_architecture` described; raises `ModelError`."""
    values = dict(description)
    try:
        return AutoConfig.for_model(values.pop("model_type"), **values)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"An encoder's architecture is not usable: {reason}") from error


def load_weights(
    kind: type[PreTrainedModel], directory: str | Path, config: PreTrainedConfig
) -> tuple[PreTrainedModel, set[str]]:
    """A model of `kind` filled from `directory`, in float32, and the names its files lack.

    Whoever calls must decide which may be lacking. Raises `ModelError` for files that are missing,
    broken or of other shapes.
    """
    try:
        with _quiet():
            # Its annotation does not know of output_loading_info, which makes it a pair.
            loaded: Any = kind.from_pretrained(
                directory,
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                output_loading_info=True,
            )
    except Exception as error:
        # Every file format behind from_pretrained has its own errors.
        reason = " ".join(str(error).split())
        raise ModelError(f"The weights in {directory} cannot be used: {reason}") from error
    model, info = loaded
    return model.eval(), set(info["missing_keys"])


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no tables of unused weights: what matters is in `ModelError`."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
