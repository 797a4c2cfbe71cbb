"""A captioner's directory on disk: config.json, tokenizer.json, model.safetensors.

No pickle, no network.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from workers.pipeline.config import CaptionerConfig
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"
MODEL_FILES = (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE)
# The output layer shares its weight with the token embedding.
TIED = "decoder.gpt2.lm_head.weight"


def save_captioner(
    directory: Path,
    network: CaptionNetwork,
    tokenizer: CaptionTokenizer,
    config: CaptionerConfig,
    dtype: torch.dtype = torch.float16,
) -> Path:
    """Write a directory that `Captioner.from_pretrained` loads; floats are stored as `dtype`.

    Raises `ModelError` for a weight that `dtype` cannot hold, before anything is written.
    """
    state = {
        name: _stored(name, value.detach(), dtype)
        for name, value in network.state_dict().items()
        if name != TIED and not name.endswith("num_batches_tracked")
    }
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(directory / TOKENIZER_FILE)
    (directory / CONFIG_FILE).write_text(config.to_json(), encoding="utf-8")
    # The weights come last and at once, so that a directory with weights is a whole one.
    partial = directory / f".{WEIGHTS_FILE}.partial"
    save_file(state, partial)
    partial.chmod(0o644)
    os.replace(partial, directory / WEIGHTS_FILE)
    return directory


def _stored(name: str, value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if not value.is_floating_point():
        return value.cpu().contiguous()
    stored = value.to("cpu", dtype).contiguous()
    if not stored.isfinite().all():
        raise ModelError(f"The weight {name} is not finite, or too large for {dtype}.")
    return stored


def load_network(directory: Path, config: CaptionerConfig) -> CaptionNetwork:
    """Build the network of `config` and fill it from model.safetensors, in float32.

    Raises `ModelError`.
    """
    network = CaptionNetwork(config)
    try:
        state = load_file(directory / WEIGHTS_FILE)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{directory / WEIGHTS_FILE} cannot be read: {error}.") from error
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ModelError(f"The weights in {directory} do not fit its config: {error}.") from error
    absent = [n for n in missing if n != TIED and not n.endswith("num_batches_tracked")]
    if absent or unexpected:
        names = ", ".join((absent or unexpected)[:3])
        fault = "lack" if absent else "have unknown"
        raise ModelError(f"The weights in {directory} {fault} {names}.")
    return network.eval().requires_grad_(False)


def require_files(directory: Path) -> None:
    """Raise `ModelError` naming what a model directory lacks."""
    if not directory.is_dir():
        raise ModelError(f"The model directory {directory} does not exist.")
    missing = [name for name in MODEL_FILES if not (directory / name).is_file()]
    if missing:
        raise ModelError(f"The model directory {directory} lacks {', '.join(missing)}.")


def revision_of(directory: Path) -> str:
    """The first 12 hex digits of the SHA-256 over weights, config and tokenizer."""
    digest = hashlib.sha256()
    for name in MODEL_FILES:
        digest.update(hashlib.sha256((directory / name).read_bytes()).digest())
    return digest.hexdigest()[:12]
