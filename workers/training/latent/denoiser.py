"""Stage 2: a caption-conditioned U-Net that takes the noise out of latents."""

from __future__ import annotations

from typing import Any, cast

import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import nn
from transformers import CLIPTextModel

from workers.training.latent.config import DenoiserSection
from workers.training.latent.stage import Order
from workers.training.precision import autocast

TRAIN_TIMESTEPS = 1000


class Denoiser(nn.Module):
    """The U-Net and the text encoder that learns with it."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder

    def forward(
        self, noisy: torch.Tensor, timesteps: torch.Tensor, ids: torch.Tensor
    ) -> torch.Tensor:
        """Noisy latents [B, C, h, w], timesteps [B], prompt ids [B, T] to the prediction."""
        text = self.text_encoder(input_ids=ids).last_hidden_state
        answer: Any = self.unet(noisy, timesteps, encoder_hidden_states=text)
        return answer.sample


def build_unet(settings: DenoiserSection, channels: int, size: int) -> UNet2DConditionModel:
    """Random weights.

    Like Stable Diffusion's, with attention at all levels but one: here the finest.
    """
    deeper = len(settings.channels) - 1
    unet = UNet2DConditionModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * deeper,
        up_block_types=("CrossAttnUpBlock2D",) * deeper + ("UpBlock2D",),
        block_out_channels=settings.channels,
        # Despite its name diffusers reads the number of heads here, as Stable Diffusion 2 gives it.
        attention_head_dim=settings.heads,
        layers_per_block=settings.layers,
        norm_num_groups=settings.groups,
        cross_attention_dim=settings.text_width,
        use_linear_projection=True,
    )
    # Measured at 64 tokens on a CPU: the plain processor makes a step a quarter shorter than the
    # fused one, whose backward pass is slow there. The weights are the same.
    unet.set_attn_processor(AttnProcessor())
    return unet.to(memory_format=torch.channels_last)


def build_schedule(settings: DenoiserSection) -> DDPMScheduler:
    """Stable Diffusion's noise schedule: square roots of beta rise linearly."""
    return DDPMScheduler(
        num_train_timesteps=TRAIN_TIMESTEPS,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=settings.prediction,
        clip_sample=False,
        steps_offset=1,
    )


def target_of(
    schedule: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """What the U-Net should answer: the noise, or the velocity (Salimans and Ho 2022)."""
    if schedule.config["prediction_type"] == "v_prediction":
        return schedule.get_velocity(latents, noise, cast("torch.IntTensor", timesteps))
    return noise


def add_noise(
    schedule: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """Latents [B, C, h, w] as they are at `timesteps` [B], channels last in memory."""
    noisy = schedule.add_noise(latents, noise, cast("torch.IntTensor", timesteps))
    return noisy.contiguous(memory_format=torch.channels_last)


def min_snr_weights(schedule: DDPMScheduler, timesteps: torch.Tensor, gamma: float) -> torch.Tensor:
    """Loss weights [B] that keep easy timesteps from drowning the others (Hang et al. 2023).

    min(SNR, gamma) / SNR for noise, min(SNR, gamma) / (SNR + 1) for velocity.
    """
    signal = schedule.alphas_cumprod[timesteps]
    ratio = signal / (1 - signal)
    least = 1.0 if schedule.config["prediction_type"] == "v_prediction" else 0.0
    return ratio.clamp(max=gamma) / (ratio + least)


class DenoiserLoss:
    """The weighted squared error of the prediction for a batch of latents at random timesteps.

    `latents` are scaled, [2, N, C, h, w], whole and mirrored; `ids` [2, N, captions, T] likewise.
    """

    def __init__(
        self,
        model: Denoiser,
        schedule: DDPMScheduler,
        latents: torch.Tensor,
        ids: torch.Tensor,
        empty: torch.Tensor,
        settings: DenoiserSection,
        seed: int,
    ) -> None:
        self.model, self.schedule, self.settings = model, schedule, settings
        self.latents, self.ids, self.empty = latents, ids, empty
        self.order = Order(latents.shape[1], settings.batch, seed)

    def __call__(self, step: int, generator: torch.Generator) -> torch.Tensor:
        """The loss of one step."""
        members = torch.tensor(self.order.indices(step))
        latents, ids = self._examples(members, generator)
        noise = torch.randn(latents.shape, generator=generator)
        timesteps = torch.randint(TRAIN_TIMESTEPS, (len(members),), generator=generator)
        noisy = add_noise(self.schedule, latents, noise, timesteps)
        with autocast(self.settings.precision):
            prediction = self.model(noisy, timesteps, ids)
        target = target_of(self.schedule, latents, noise, timesteps)
        errors = (prediction.float() - target).square().mean((1, 2, 3))
        return (errors * min_snr_weights(self.schedule, timesteps, self.settings.min_snr)).mean()

    def _examples(
        self, members: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents and one caption of each photo, both mirrored for about half of them."""
        mirrored = torch.randint(2, members.shape, generator=generator)
        caption = torch.randint(self.ids.shape[2], members.shape, generator=generator)
        dropped = torch.rand(members.shape, generator=generator) < self.settings.caption_dropout
        ids = torch.where(dropped[:, None], self.empty, self.ids[mirrored, members, caption])
        return self.latents[mirrored, members].float(), ids


@torch.inference_mode()
def denoising_losses(
    model: Denoiser,
    schedule: DDPMScheduler,
    latents: torch.Tensor,
    ids: torch.Tensor,
    empty: torch.Tensor,
    *,
    precision: str,
    timesteps: tuple[int, ...] = (25, 100, 250, 500, 750, 950),
) -> list[dict[str, float]]:
    """Unweighted squared error on held-out latents [N, C, h, w] at fixed timesteps and noise.

    For each: with the photo's caption `ids` [N, T], with the empty prompt, and of answering zero.
    """
    rows = []
    for timestep in timesteps:
        generator = torch.Generator().manual_seed(timestep)
        sums = {"caption": 0.0, "empty": 0.0, "zero": 0.0}
        for batch, prompts in zip(latents.split(64), ids.split(64), strict=True):
            noise = torch.randn(batch.shape, generator=generator)
            times = torch.full((len(batch),), timestep)
            noisy = add_noise(schedule, batch, noise, times)
            target = target_of(schedule, batch, noise, times)
            nothing = empty.expand_as(prompts)
            for name, condition in (("caption", prompts), ("empty", nothing)):
                with autocast(precision):
                    answer = model(noisy, times, condition).float()
                sums[name] += (answer - target).square().mean((1, 2, 3)).sum().item()
            sums["zero"] += target.square().mean((1, 2, 3)).sum().item()
        rows.append(
            {"timestep": timestep} | {k: round(v / len(latents), 4) for k, v in sums.items()}
        )
    return rows
