"""Weights from a directory in diffusers' layout: only what the kept modules need is read."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel

from workers.pipeline.errors import ModelError
from workers.pipeline.pretrained import load_weights

FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")
# Autoencoders written by early diffusers, Stable Diffusion's among them, name attention thus.
OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def fill(module: nn.Module, folder: Path) -> None:
    """Copy the tensors that `module` has from the safetensors file in `folder`, in float32.

    Tensors of dropped modules are never read. Raises `ModelError` for a missing or broken file and
    for a tensor that is absent or of another shape.
    """
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise ModelError(f"{folder} has neither {FILES[0]} nor {FILES[1]}.")
    try:
        with safe_open(path, framework="pt") as file:
            stored = set(file.keys())
            for name, tensor in module.state_dict().items():
                value = file.get_tensor(_stored_name(name, stored, path))
                if value.shape != tensor.shape:
                    raise ModelError(
                        f"{name} in {path} is {list(value.shape)}, not {list(tensor.shape)}."
                    )
                tensor.copy_(value)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error


@torch.inference_mode()
def empty_prompt(directory: Path, tokens: int) -> torch.Tensor | None:
    """What the text encoder makes of the empty prompt, [tokens, width]; None without one.

    Padded as Stable Diffusion's pipeline pads it, and like there nothing is masked. Raises
    `ModelError`.
    """
    folder = directory / "text_encoder"
    if not folder.is_dir():
        return None
    try:
        tokenizer = AutoTokenizer.from_pretrained(directory / "tokenizer", local_files_only=True)
        ids = tokenizer(
            "", padding="max_length", max_length=tokens, truncation=True, return_tensors="pt"
        ).input_ids
        config = CLIPTextConfig.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        # Missing and broken files of many formats, each with its own kind of error.
        reason = " ".join(str(error).split())
        raise ModelError(f"The text encoder in {directory} is not usable: {reason}") from error
    encoder, lacking = load_weights(CLIPTextModel, folder, config)
    if lacking:
        raise ModelError(f"The weights in {folder} lack {', '.join(sorted(lacking)[:3])}.")
    return encoder(input_ids=ids).last_hidden_state[0]


def _stored_name(name: str, stored: set[str], path: Path) -> str:
    """The name under which the file holds the tensor `name`; raises `ModelError` for none."""
    if name in stored:
        return name
    for new, old in OLD_NAMES.items():
        candidate = name.replace(f".{new}.", f".{old}.")
        if candidate in stored:
            return candidate
    raise ModelError(f"{path} lacks {name}.")
