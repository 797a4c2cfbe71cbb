"""What a diffusion model looks like: read from a directory in diffusers' layout, and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workers.pipeline.errors import ModelError

VAE_CLASSES = ("AutoencoderKL", "AutoencoderTiny")
UNET_CLASS = "UNet2DConditionModel"
SCHEDULE_KEYS = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "rescale_betas_zero_snr",
)
# Stable Diffusion's own, for a directory without scheduler/.
DEFAULT_SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
# Kinds of U-Net that want more than latents, a timestep and text; the value is the plain kind's.
PLAIN_UNET: dict[str, Any] = {
    "addition_embed_type": None,
    "center_input_sample": False,
    "class_embed_type": None,
    "encoder_hid_dim": None,
    "encoder_hid_dim_type": None,
    "num_class_embeds": None,
    "time_cond_proj_dim": None,
    "time_embedding_act_fn": None,
    "time_embedding_type": "positional",
}


def read_architecture(directory: str | Path) -> dict[str, Any]:
    """The configs of vae/, unet/ and scheduler/, and how many tokens the empty prompt has.

    `prompt_tokens` is the text encoder's length, or 1 without one: a single vector of zeros then
    stands for the empty prompt. Raises `ModelError` for what is missing or of another kind.
    """
    path = Path(directory)
    if not path.is_dir():
        raise ModelError(f"The diffusion model directory {path} does not exist.")
    scheduler = path / "scheduler" / "scheduler_config.json"
    text = path / "text_encoder" / "config.json"
    architecture = {
        "vae": _read(path / "vae" / "config.json"),
        "unet": _read(path / "unet" / "config.json"),
        "scheduler": DEFAULT_SCHEDULE,
        "prompt_tokens": 1,
    }
    if scheduler.is_file():
        values = _read(scheduler)
        architecture["scheduler"] = {key: values[key] for key in SCHEDULE_KEYS if key in values}
    if text.is_file():
        # 77 is what CLIP has where its config says nothing.
        architecture["prompt_tokens"] = _read(text).get("max_position_embeddings", 77)
    return check_architecture(architecture)


def check_architecture(architecture: Any) -> dict[str, Any]:
    """`architecture` itself when features can be taken from such a model; raises `ModelError`."""
    parts = ("vae", "unet", "scheduler", "prompt_tokens")
    if not isinstance(architecture, dict) or any(part not in architecture for part in parts):
        raise ModelError(f"A diffusion encoder's architecture needs {', '.join(parts)}.")
    kind = architecture["vae"].get("_class_name")
    if kind not in VAE_CLASSES:
        raise ModelError(f"The autoencoder is a {kind}; known are {', '.join(VAE_CLASSES)}.")
    unet = architecture["unet"]
    if unet.get("_class_name") != UNET_CLASS:
        raise ModelError(f"The U-Net is a {unet.get('_class_name')}; known is {UNET_CLASS}.")
    for key, plain in PLAIN_UNET.items():
        if unet.get(key, plain) != plain:
            raise ModelError(f"A U-Net with {key} {unet[key]!r} is not known; only {plain!r} is.")
    if not isinstance(unet.get("cross_attention_dim", 1280), int):
        raise ModelError("A U-Net with several widths of text (cross_attention_dim) is not known.")
    return architecture


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} must hold an object.")
    # Where and with what it was written is not part of the architecture.
    return {k: v for k, v in values.items() if k == "_class_name" or not k.startswith("_")}
