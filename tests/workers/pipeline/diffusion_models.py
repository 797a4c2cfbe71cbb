"""Tiny latent diffusion models in diffusers' layout, made of the real classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import PhotoFacts, build_encoder

SIZE = 64
HALF = (0.5, 0.5, 0.5)
PHOTOS = [PhotoFacts("ab" * 32), PhotoFacts("cd" * 32), PhotoFacts("ef" * 32)]


def tiny_unet() -> UNet2DConditionModel:
    """Stable Diffusion 2.1's blocks, a hundred times narrower."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16, 24, 24),
        layers_per_block=2,
        attention_head_dim=[1, 2, 3, 3],
        cross_attention_dim=12,
        norm_num_groups=4,
        use_linear_projection=True,
    )


def tiny_vae() -> AutoencoderKL:
    """Its autoencoder: four levels, an eighth of the side."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4, 8, 8, 8),
        layers_per_block=1,
        norm_num_groups=4,
    )


def write_text(folder: Path) -> None:
    """A CLIP text encoder and its tokenizer, which knows only letters."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    folder.joinpath("tokenizer").mkdir()
    (folder / "vocab.json").write_text(json.dumps({p: i for i, p in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=10)
    tokenizer.save_pretrained(folder / "tokenizer")
    config = CLIPTextConfig(
        vocab_size=len(pieces),
        hidden_size=12,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=10,
        bos_token_id=len(pieces) - 2,
        eos_token_id=len(pieces) - 1,
        pad_token_id=len(pieces) - 1,
    )
    CLIPTextModel(config).save_pretrained(folder / "text_encoder")


def write_stable_diffusion(folder: Path) -> Path:
    """A directory as Stable Diffusion 2.1 has it."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        tiny_vae().save_pretrained(folder / "vae")
        tiny_unet().save_pretrained(folder / "unet")
        write_text(folder)
    DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
    ).save_pretrained(folder / "scheduler")
    return folder


def config_of(size: int = SIZE, **options: Any) -> EncoderConfig:
    options = {"grid": 2, "width": 20, "timestep": 100} | options
    return EncoderConfig("diffusion", PreprocessConfig(size, mean=HALF, std=HALF), options)


def encoder_of(config: EncoderConfig) -> Any:
    """The encoder, filled and ready."""
    encoder = build_encoder(config)
    encoder.load_pretrained()
    return encoder.eval()


def pixels_of(count: int = 3, size: int = SIZE) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1
