"""An autoencoder's encoder half and a U-Net up to one block, without memory for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import nn

from workers.pipeline.errors import ModelError

VAES: dict[str, Any] = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
_BLOCK = re.compile(r"mid|up(\d+)")


@dataclass(frozen=True)
class Partial:
    """Both networks, cut off, and the shape [C, h, w] of the states they give for one photo."""

    vae: Any
    unet: Any
    states: tuple[int, int, int]


def build_partial(architecture: dict[str, Any], block: str, size: int) -> Partial:
    """The autoencoder without its decoder and the U-Net up to and including `block`.

    Weights are random. `size` is the side of the photos in pixels. Raises `ModelError`.
    """
    vae = _on_meta(VAES[architecture["vae"]["_class_name"]], architecture["vae"])
    vae.decoder = None
    if hasattr(vae, "post_quant_conv"):
        vae.post_quant_conv = None
    unet = _on_meta(UNet2DConditionModel, architecture["unet"])
    unet.up_blocks = unet.up_blocks[: up_blocks_of(block, len(unet.up_blocks))]
    unet.conv_norm_out = unet.conv_act = unet.conv_out = None
    states = _states_of(vae, unet, size)
    return Partial(_materialise(vae), _materialise(unet), states)


def up_blocks_of(block: str, available: int) -> int:
    """How many up-blocks run for `block`; raises `ModelError` for one that is not there."""
    found = _BLOCK.fullmatch(block)
    count = 0 if block == "mid" else int(found.group(1)) + 1 if found else available + 1
    if count > available:
        names = ", ".join(["mid", *(f"up{number}" for number in range(available))])
        raise ModelError(f"Unknown block {block!r} of the U-Net: choose {names}.")
    return count


def signal_share(config: dict[str, Any], timestep: int) -> float:
    """The cumulative product of alphas at `timestep`: the share of a noisy latent's variance that
    is the photo's. Raises `ModelError` for a timestep outside the schedule.
    """
    try:
        products = DDPMScheduler(**config).alphas_cumprod
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ModelError(f"The noise schedule is not usable: {error}") from error
    if not 0 <= timestep < len(products):
        raise ModelError(f"Timestep {timestep} is outside 0 to {len(products) - 1}.")
    return products[timestep].item()


def encode_latents(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Pixels [B, 3, S, S] in [-1, 1] to scaled latents [B, C, h, w], without chance."""
    encoded = vae.encode(pixels)
    latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    return (latents - shift) * vae.config.scaling_factor


def hidden_states(
    unet: Any, noisy: torch.Tensor, timestep: int, text: torch.Tensor
) -> torch.Tensor:
    """Noisy latents [B, C, h, w] and text [B, T, D] to the last kept block's output, a grid too.

    The same steps as `UNet2DConditionModel.forward`, which has no way to stop early.
    """
    emb = unet.time_embedding(unet.get_time_embed(sample=noisy, timestep=timestep))
    states = unet.conv_in(noisy)
    skips = (states,)
    for block in unet.down_blocks:
        states, more = block(hidden_states=states, temb=emb, **_text_for(block, text))
        skips += more
    if unet.mid_block is not None:
        states = unet.mid_block(states, emb, **_text_for(unet.mid_block, text))
    last = len(unet.config.up_block_types) - 1
    odd = any(side % 2**unet.num_upsamplers for side in noisy.shape[-2:])
    for number, block in enumerate(unet.up_blocks):
        used, skips = skips[-len(block.resnets) :], skips[: -len(block.resnets)]
        states = block(
            hidden_states=states,
            temb=emb,
            res_hidden_states_tuple=used,
            # Sides that do not halve evenly must come back as they were on the way down.
            upsample_size=skips[-1].shape[2:] if odd and number != last else None,
            **_text_for(block, text),
        )
    return states


def _text_for(block: nn.Module, text: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"encoder_hidden_states": text} if getattr(block, "has_cross_attention", False) else {}


def _on_meta(kind: Any, config: dict[str, Any]) -> Any:
    """The whole module without memory for any weight."""
    values = {key: value for key, value in config.items() if key != "_class_name"}
    try:
        with torch.device("meta"):
            return kind.from_config(values)
    except Exception as error:
        # Each class checks its config in its own way, if at all.
        reason = " ".join(str(error).split())
        raise ModelError(f"The config of {kind.__name__} is not usable: {reason}") from error


def _states_of(vae: Any, unet: Any, size: int) -> tuple[int, int, int]:
    """The shape of one photo's states, found without computing any."""
    try:
        latents = encode_latents(vae, torch.empty(1, 3, size, size, device="meta"))
        text = torch.empty(1, 1, unet.config.cross_attention_dim, device="meta")
        channels, height, width = hidden_states(unet, latents, 0, text).shape[1:]
    except RuntimeError as error:
        raise ModelError(
            f"Autoencoder and U-Net do not fit together for photos of {size} pixels: {error}"
        ) from error
    return channels, height, width


def _materialise(module: Any) -> Any:
    """Give what is left of a module memory and random weights, frozen, in evaluation mode."""
    module.to_empty(device="cpu")
    for part in module.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    return module.to(memory_format=torch.channels_last).eval().requires_grad_(False)
