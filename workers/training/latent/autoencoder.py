"""Stage 1: an autoencoder that turns photos into latents at an eighth of their side."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch.nn import functional

from workers.training.latent.config import AutoencoderSection
from workers.training.latent.pictures import to_unit
from workers.training.latent.stage import Order
from workers.training.precision import autocast

ENCODE_BATCH = 64


def build_autoencoder(settings: AutoencoderSection, size: int) -> AutoencoderKL:
    """Random weights; without attention, so that what crops teach holds for whole photos."""
    levels = len(settings.channels)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=settings.channels,
        layers_per_block=settings.layers,
        latent_channels=settings.latent_channels,
        norm_num_groups=settings.groups,
        mid_block_add_attention=False,
        sample_size=size,
    )
    return vae.to(memory_format=torch.channels_last)


class AutoencoderLoss:
    """L1 plus squared error of the decoded crop, plus a little divergence of its latents."""

    def __init__(
        self, vae: AutoencoderKL, pixels: torch.Tensor, settings: AutoencoderSection, seed: int
    ) -> None:
        self.vae, self.pixels, self.settings = vae, pixels, settings
        self.order = Order(len(pixels), settings.batch, seed)

    def __call__(self, step: int, generator: torch.Generator) -> torch.Tensor:
        """The loss of one step's crops."""
        crops = self.crops(self.order.indices(step), generator)
        with autocast(self.settings.precision):
            posterior: Any = self.vae.encode(crops).latent_dist
            decoded = self.vae.decode(posterior.sample(generator)).sample
        error = decoded.float() - crops
        divergence = posterior.kl().float().mean()
        return error.abs().mean() + error.square().mean() + self.settings.kl_weight * divergence

    def crops(self, members: list[int], generator: torch.Generator) -> torch.Tensor:
        """One random square of each photo in [-1, 1], half of them mirrored."""
        side = min(self.settings.crop, self.pixels.shape[-1])
        room = self.pixels.shape[-1] - side + 1
        chosen = []
        for member in members:
            top, left = torch.randint(room, (2,), generator=generator).tolist()
            mirrored = torch.randint(2, (1,), generator=generator).item()
            crop = self.pixels[member, :, top : top + side, left : left + side]
            chosen.append(crop.flip(-1) if mirrored else crop)
        return to_unit(torch.stack(chosen))


@torch.inference_mode()
def encode_pictures(
    vae: AutoencoderKL, pixels: torch.Tensor, precision: str, mirrored: bool = False
) -> torch.Tensor:
    """uint8 pixels [N, 3, S, S] to the means of their latents, fp32 [N, C, S/8, S/8], unscaled."""
    batches = []
    for batch in pixels.split(ENCODE_BATCH):
        with autocast(precision):
            posterior: Any = vae.encode(to_unit(batch.flip(-1) if mirrored else batch)).latent_dist
        batches.append(posterior.mode().float().contiguous())
    return torch.cat(batches)


@torch.inference_mode()
def reconstruction_error(
    vae: AutoencoderKL, pixels: torch.Tensor, latents: torch.Tensor
) -> dict[str, float]:
    """Of photos decoded from the means of their latents: mean absolute error in 8-bit levels and
    peak signal-to-noise ratio in dB; also the error of answering each photo's mean colour.
    """
    absolute = squared = flat = 0.0
    pairs = zip(pixels.split(ENCODE_BATCH), latents.split(ENCODE_BATCH), strict=True)
    for batch, codes in pairs:
        decoded: Any = vae.decode(codes.contiguous(memory_format=torch.channels_last)).sample
        error = (decoded.clamp(-1, 1) * 127.5 + 127.5) - batch.float()
        absolute += error.abs().mean((1, 2, 3)).sum().item()
        squared += error.square().mean((1, 2, 3)).sum().item()
        levels = batch.float()
        flat += (
            functional.l1_loss(
                levels, levels.mean((2, 3), keepdim=True).expand_as(levels), reduction="none"
            )
            .mean((1, 2, 3))
            .sum()
            .item()
        )
    count = len(pixels)
    psnr = 10 * torch.log10(torch.tensor(255.0**2 * count / squared)).item()
    return {
        "error_levels": round(absolute / count, 3),
        "mean_colour_levels": round(flat / count, 3),
        "psnr": round(psnr, 2),
    }
