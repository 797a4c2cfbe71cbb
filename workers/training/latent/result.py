"""The trained model as a directory that diffusers loads, and pictures drawn with it to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
    StableDiffusionPipeline,
)
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from PIL import Image

from workers.training.latent.config import SampleSection
from workers.training.latent.denoiser import Denoiser
from workers.training.latent.text import PromptTokenizer


def assemble(
    vae: AutoencoderKL, denoiser: Denoiser, schedule: DDPMScheduler, tokenizer: PromptTokenizer
) -> StableDiffusionPipeline:
    """The parts as a pipeline of diffusers; they are shared, not copied."""
    # Its annotations ask for a CLIP tokenizer and a safety checker; neither is needed.
    pipeline: Any = StableDiffusionPipeline
    return pipeline(
        vae=vae,
        text_encoder=denoiser.text_encoder,
        tokenizer=tokenizer.portable(),
        unet=denoiser.unet,
        scheduler=DDIMScheduler.from_config(schedule.config, set_alpha_to_one=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def draw_samples(
    pipeline: StableDiffusionPipeline, settings: SampleSection, path: Path, *, each: int = 4
) -> None:
    """A PNG with `each` pictures per prompt, a row for each, from fixed noise."""
    pipeline.set_progress_bar_config(disable=True)
    rows = []
    for number, prompt in enumerate(settings.prompts):
        generator = torch.Generator().manual_seed(number)
        drawn: Any = pipeline(
            prompt,
            num_images_per_prompt=each,
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance,
            generator=generator,
        )
        rows.append(drawn.images)
    if rows:
        grid_of(rows).save(path)


@torch.inference_mode()
def draw_reconstructions(
    vae: AutoencoderKL, pixels: torch.Tensor, latents: torch.Tensor, path: Path
) -> None:
    """A PNG with photos above what the autoencoder makes of them; uint8 pixels [N, 3, S, S]."""
    decoded: Any = vae.decode(latents).sample
    again = (decoded.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8)
    grid_of([[picture_of(photo) for photo in group] for group in (pixels, again)]).save(path)


def picture_of(pixels: torch.Tensor) -> Image.Image:
    """uint8 [3, S, S] to a picture."""
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def grid_of(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Pictures of one size, laid out in rows."""
    width, height = rows[0][0].size
    grid = Image.new("RGB", (width * max(map(len, rows)), height * len(rows)))
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            grid.paste(picture, (x * width, y * height))
    return grid


def save_model(pipeline: StableDiffusionPipeline, directory: Path) -> None:
    """Write vae/, unet/, text_encoder/, tokenizer/ and scheduler/ in fp16 safetensors."""
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(directory, safe_serialization=True)
    pipeline.to(dtype=torch.float32)
    # Some of the writers leave files that only their owner may read.
    for path in directory.rglob("*.safetensors"):
        path.chmod(0o644)
