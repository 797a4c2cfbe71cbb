"""Both stages in order: data, autoencoder, latents, denoiser, validation, samples, result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from workers.pipeline.memory import keep_freed_memory
from workers.training.checks import check_dataset
from workers.training.data import CaptionedPhoto, load_dataset
from workers.training.errors import TrainingError
from workers.training.latent.autoencoder import (
    AutoencoderLoss,
    build_autoencoder,
    encode_pictures,
    reconstruction_error,
)
from workers.training.latent.config import DiffusionConfig
from workers.training.latent.denoiser import (
    Denoiser,
    DenoiserLoss,
    build_schedule,
    build_unet,
    denoising_losses,
)
from workers.training.latent.pictures import load_pictures
from workers.training.latent.result import assemble, draw_reconstructions, draw_samples, save_model
from workers.training.latent.stage import Stage
from workers.training.latent.text import PromptTokenizer, build_text_encoder, learn_tokenizer
from workers.training.runs import Run, save_atomically

Report = Callable[[str], None]
DEVELOPMENT_SHARE = 0.02
DEVELOPMENT_STEPS = 20


def development(config: DiffusionConfig) -> DiffusionConfig:
    """The same model in a minute: a run of its own, 2 % of the photos, a few steps."""
    return replace(
        config,
        name=f"{config.name}-dev",
        autoencoder=replace(config.autoencoder, steps=DEVELOPMENT_STEPS),
        denoiser=replace(config.denoiser, steps=DEVELOPMENT_STEPS),
    )


def train_diffusion(
    config: DiffusionConfig, *, resume: bool = False, dev: bool = False, report: Report = print
) -> Path:
    """One diffusion model from data to its directory, which is returned.

    A run that exists is never overwritten: without `resume` it is refused. Raises `DataProblems`
    before any step when the data is not fit.
    """
    keep_freed_memory()
    torch.set_num_threads(config.threads)
    config = development(config) if dev else config
    run = Run(config)
    if (run.folder / "autoencoder.pt").is_file() and not resume:
        raise TrainingError(
            f"The run {run.folder} exists: continue it with --resume, or name another."
        )
    if resume and not (run.folder / "autoencoder.pt").is_file():
        raise TrainingError(f"There is nothing to resume in {run.folder}.")
    training = DiffusionTraining(
        config, run, share=DEVELOPMENT_SHARE if dev else 1.0, report=report
    )
    training.fit_autoencoder()
    training.encode()
    training.fit_denoiser()
    return training.finish()


class DiffusionTraining:
    """The data and models of one run; the steps below are called in their order."""

    def __init__(
        self, config: DiffusionConfig, run: Run, *, share: float = 1.0, report: Report = print
    ) -> None:
        self.config, self.run, self.report = config, run, report
        dataset = load_dataset(config.data.path)
        splits = [*config.data.train, config.data.validation]
        report(f"Checking {len(dataset.of(*splits)):,} photos of {config.data.path}.")
        check_dataset(dataset, splits)
        run.start(config)
        training = _share(dataset.of(*config.data.train), share)
        held_out = _share(dataset.of(config.data.validation), share)[: config.validation_photos]
        captions = [text for row in training for text in row.captions]
        self.captions = learn_tokenizer(run.tokenizer_path, captions, config.denoiser)
        self.tokenizer = PromptTokenizer(self.captions, config.denoiser.max_tokens)
        self.training = load_pictures(dataset.store, training, config.size, self.tokenizer)
        self.held_out = load_pictures(dataset.store, held_out, config.size, self.tokenizer)
        torch.manual_seed(config.seed)
        self.vae = build_autoencoder(config.autoencoder, config.size)
        self.schedule = build_schedule(config.denoiser)
        side = config.size // 2 ** (len(config.autoencoder.channels) - 1)
        self.denoiser = Denoiser(
            build_unet(config.denoiser, config.autoencoder.latent_channels, side),
            build_text_encoder(config.denoiser, self.captions),
        )

    def fit_autoencoder(self, stop_at: int | None = None) -> bool:
        """Stage 1, from its checkpoint if there is one; False when it stopped at `stop_at`."""
        settings = self.config.autoencoder
        loss = AutoencoderLoss(self.vae, self.training.pixels, settings, self.config.seed)
        stage = Stage("autoencoder", self.vae, settings, self.run, self.config.seed)
        return self._fit(stage, loss, stop_at)

    def encode(self) -> None:
        """Encode every photo and its mirror image once, scale to unit variance, and validate."""
        precision = self.config.autoencoder.precision
        path = self.run.folder / "latents.pt"
        if not path.is_file():
            self.report("Encoding the photos.")
            whole, mirrored = (
                encode_pictures(self.vae, self.training.pixels, precision, flip)
                for flip in (False, True)
            )
            save_atomically(torch.stack([whole, mirrored]).half(), path)
        latents = torch.load(path, weights_only=True).float()
        scale = 1 / latents.std().item()
        self.vae.register_to_config(scaling_factor=scale)
        self.latents = latents * scale
        held_out = encode_pictures(self.vae, self.held_out.pixels, precision)
        self.held_out_latents = held_out * scale
        figures = reconstruction_error(self.vae, self.held_out.pixels, held_out)
        self.run.log("reconstruction", photos=len(held_out), scaling_factor=scale, **figures)
        self.report(f"Reconstruction of {len(held_out):,} held-out photos: {figures}.")
        draw_reconstructions(
            self.vae, self.held_out.pixels[:8], held_out[:8], self.run.folder / "reconstruction.png"
        )

    def fit_denoiser(self, stop_at: int | None = None) -> bool:
        """Stage 2, from its checkpoint if there is one; False when it stopped at `stop_at`."""
        settings = self.config.denoiser
        loss = DenoiserLoss(
            self.denoiser,
            self.schedule,
            self.latents,
            self.training.ids,
            self.tokenizer.empty,
            settings,
            self.config.seed,
        )
        # Another seed than stage 1's, so that the two see the photos in different orders.
        stage = Stage("denoiser", self.denoiser, settings, self.run, self.config.seed + 1)
        return self._fit(stage, loss, stop_at)

    def finish(self) -> Path:
        """Validate the denoiser, draw samples and write the model's directory."""
        rows = denoising_losses(
            self.denoiser,
            self.schedule,
            self.held_out_latents,
            self.held_out.ids[0, :, 0],
            self.tokenizer.empty,
            precision=self.config.denoiser.precision,
        )
        for row in rows:
            self.run.log("denoising", photos=len(self.held_out_latents), **row)
            self.report(f"Denoising of held-out latents: {row}.")
        pipeline = assemble(self.vae, self.denoiser, self.schedule, self.tokenizer)
        draw_samples(pipeline, self.config.samples, self.run.folder / "samples.png")
        directory = self.run.folder / "model"
        save_model(pipeline, directory)
        self.report(f"The model is in {directory}.")
        return directory

    def _fit(self, stage: Stage, loss: Callable, stop_at: int | None) -> bool:
        size = sum(parameter.numel() for parameter in stage.parameters)
        if stage.resume():
            self.report(f"Resuming {stage.name} at step {stage.step:,}.")
        else:
            self.run.log("start", stage=stage.name, parameters=size)
        return stage.fit(
            loss, self.report, checkpoint_minutes=self.config.checkpoint_minutes, stop_at=stop_at
        )


def _share(rows: list[CaptionedPhoto], share: float) -> list[CaptionedPhoto]:
    return rows[: max(1, round(len(rows) * share))]
