"""Training of the diffusion model: formulas, data, resuming, and a result that diffusers loads."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from diffusers import StableDiffusionPipeline
from PIL import Image

from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import PhotoFacts, build_encoder
from workers.training.errors import TrainingError
from workers.training.latent.cli import train_diffusion_command
from workers.training.latent.config import DenoiserSection, DiffusionConfig
from workers.training.latent.denoiser import build_schedule, min_snr_weights, target_of
from workers.training.latent.stage import Order
from workers.training.latent.train import DiffusionTraining, train_diffusion
from workers.training.runs import Run

CONFIGS = Path(__file__).parents[3] / "workers" / "training" / "configs"


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def values(tmp_path: Path, dataset_folder: Path) -> dict[str, Any]:
    """The plain values of a YAML config that trains in a second."""
    stage = {"steps": 4, "batch": 4, "ema_decay": 0.9}
    return {
        "name": "tiny",
        "seed": 3,
        "runs": str(tmp_path / "runs"),
        "size": 32,
        "validation_photos": 5,
        "data": {"path": str(dataset_folder), "train": ["train"], "validation": "val"},
        "autoencoder": stage | {"channels": [4, 8], "groups": 4, "crop": 16},
        "denoiser": stage
        | {
            "channels": [8, 16],
            "heads": [1, 2],
            "groups": 4,
            "text_width": 16,
            "text_heads": 2,
            "max_tokens": 12,
            "vocabulary": 330,
            "caption_dropout": 0.3,
        },
        "samples": {"prompts": ["a red picture", ""], "steps": 2},
    }


@pytest.fixture
def config(values: dict[str, Any]) -> DiffusionConfig:
    return DiffusionConfig.from_dict(values)


def test_the_shipped_config_is_valid():
    config = DiffusionConfig.load(CONFIGS / "capsite-diffusion.yaml")
    assert config.name == "capsite-diffusion"
    assert len(config.denoiser.channels) == len(config.denoiser.heads)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"autoencoder": {"stride": 2}}, "Unknown key stride in section autoencoder; known are"),
        ({"sizes": 1}, "Unknown key sizes in the file"),
        ({"data": []}, "Section data must hold a mapping."),
    ],
)
def test_a_bad_config_is_named(values: dict[str, Any], change: dict[str, Any], message: str):
    with pytest.raises(TrainingError) as caught:
        DiffusionConfig.from_dict(values | change)
    assert message in str(caught.value)


def test_every_photo_comes_once_per_epoch_and_from_any_step():
    order = Order(10, 4, seed=1)
    seen = [place for step in range(5) for place in order.indices(step)]
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]
    assert Order(10, 4, seed=1).indices(3) == seen[12:16]
    assert Order(10, 4, seed=2).indices(0) != seen[:4]


def test_targets_and_weights_follow_their_formulas():
    latents, noise = torch.randn(2, 3, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    timesteps = torch.tensor([10, 500, 900])
    velocity, epsilon = (
        build_schedule(DenoiserSection(prediction=name)) for name in ("v_prediction", "epsilon")
    )
    share = velocity.alphas_cumprod[timesteps]
    spread = share.view(3, 1, 1, 1)
    expected = spread.sqrt() * noise - (1 - spread).sqrt() * latents
    assert torch.allclose(target_of(velocity, latents, noise, timesteps), expected, atol=1e-6)
    assert target_of(epsilon, latents, noise, timesteps) is noise
    ratio = share / (1 - share)
    least = torch.minimum(ratio, torch.tensor(5.0))
    assert torch.allclose(min_snr_weights(epsilon, timesteps, 5.0), least / ratio)
    assert torch.allclose(min_snr_weights(velocity, timesteps, 5.0), least / (ratio + 1))


def weights_of(training: DiffusionTraining) -> dict[str, torch.Tensor]:
    return {**training.vae.state_dict(), **training.denoiser.state_dict()}


def test_a_resumed_run_equals_an_uninterrupted_one(config: DiffusionConfig, values: dict[str, Any]):
    whole = DiffusionTraining(config, Run(config), report=silent)
    whole.fit_autoencoder()
    whole.encode()
    whole.fit_denoiser()
    other = DiffusionConfig.from_dict(values | {"name": "broken-off"})
    first = DiffusionTraining(other, Run(other), report=silent)
    assert not first.fit_autoencoder(stop_at=2)
    second = DiffusionTraining(other, Run(other), report=silent)
    assert second.fit_autoencoder()
    second.encode()
    assert not second.fit_denoiser(stop_at=3)
    third = DiffusionTraining(other, Run(other), report=silent)
    assert third.fit_autoencoder()
    third.encode()
    assert third.fit_denoiser()
    ours, theirs = weights_of(whole), weights_of(third)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert third.vae.config.scaling_factor == whole.vae.config.scaling_factor


def test_a_run_ends_in_a_model_that_diffusers_and_the_encoder_load(
    config: DiffusionConfig, tmp_path: Path
):
    DiffusionTraining(config, Run(config), report=silent).fit_autoencoder(stop_at=1)
    directory = train_diffusion(config, resume=True, report=silent)
    folder = directory.parent
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert {"start", "autoencoder", "denoiser", "reconstruction", "denoising"} == {
        line["event"] for line in lines
    }
    losses = [line for line in lines if line["event"] == "denoising"]
    assert all({"caption", "empty", "zero", "timestep"} <= set(line) for line in losses)
    assert {line["photos"] for line in losses} == {5}
    assert Image.open(folder / "samples.png").size == (4 * 32, 2 * 32)
    assert Image.open(folder / "reconstruction.png").size == (5 * 32, 2 * 32)
    pipeline = StableDiffusionPipeline.from_pretrained(directory, local_files_only=True)
    ids = pipeline.tokenizer(["A red  picture .", ""], padding="max_length").input_ids
    trained = DiffusionTraining(config, Run(config), report=silent)
    assert ids == trained.tokenizer.encode(["a red picture", ""]).tolist()
    options = {"directory": str(directory), "block": "up0", "grid": 4, "width": 8}
    encoder = build_encoder(EncoderConfig("diffusion", PreprocessConfig(32), options))
    encoder.load_pretrained()
    (tokens,) = encoder(torch.zeros(1, 3, 32, 32), [PhotoFacts("ab")])
    assert tokens.shape == (1, 16, 8)


def test_an_existing_run_is_not_overwritten(config: DiffusionConfig):
    with pytest.raises(TrainingError, match="nothing to resume"):
        train_diffusion(config, resume=True, report=silent)
    training = DiffusionTraining(config, Run(config), report=silent)
    training.fit_autoencoder(stop_at=1)
    with pytest.raises(TrainingError, match="continue it with --resume"):
        train_diffusion(config, report=silent)


def test_bad_data_stops_before_any_step(
    values: dict[str, Any], dataset_folder: Path, tmp_path: Path
):
    (dataset_folder / "images" / "red-40.jpg").write_bytes(b"not a picture")
    (dataset_folder / "images" / "blue-50.jpg").unlink()
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(values))
    out, err = io.StringIO(), io.StringIO()
    assert train_diffusion_command(path, out=out, err=err) == 1
    assert "The data has 2 problems. Mend this before training:" in err.getvalue()
    assert "red-40.jpg is corrupt" in err.getvalue()
    assert "blue-50.jpg is missing." in err.getvalue()
    assert not (tmp_path / "runs").exists()


def test_the_command_names_a_missing_config(tmp_path: Path):
    err = io.StringIO()
    assert train_diffusion_command(tmp_path / "none.yaml", err=err) == 2
    assert "none.yaml cannot be read" in err.getvalue()
