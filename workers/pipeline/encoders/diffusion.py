"""The inner states of a latent diffusion model, seen while it takes noise out of the photo."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape
from workers.pipeline.errors import ModelError

# Timestep and block as Revelio (arXiv 2411.16725) found best for recognition: little noise, and the
# first up-block at twice the coarsest grid.
DEFAULTS: dict[str, Any] = {"timestep": 25, "block": "up1", "draws": 1, "grid": 8, "width": 768}


class LatentDiffusion(Encoder):
    """A U-Net's states after one block, pooled to a grid of tokens: [B, grid * grid, width].

    Pixels in [-1, 1] (`preprocess` mean and std 0.5) become latents; noise of `timestep` is added;
    the U-Net runs up to `block` (`mid`, `up0`, `up1`...) with the empty prompt. Decoder and later
    blocks are never in memory. `draws` averages over several noises, as DIFT (arXiv 2306.03881)
    does. Options: these, `grid`, `width`, and `directory` (diffusers' layout, say Stable Diffusion
    2.1, needed once, before training) or `architecture`. A directory without text_encoder/ has one
    vector of zeros as its empty prompt. Raises `ModelError`.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        # diffusers takes seconds and 116 MB to import, which other encoders need not pay.
        from workers.pipeline.diffusion import partial

        options = _options(config.options)
        self.timestep, self.draws, self.grid = (
            options[key] for key in ("timestep", "draws", "grid")
        )
        self.directory = config.options.get("directory")
        self.described = _describe(config.options)
        self.signal = partial.signal_share(self.described["scheduler"], self.timestep)
        built = partial.build_partial(self.described, options["block"], config.preprocess.size)
        channels, *sides = built.states
        if min(sides) < self.grid:
            raise ModelError(
                f"Block {options['block']} gives {' x '.join(map(str, sides))} places at "
                f"{config.preprocess.size} pixels; a grid of {self.grid} is too fine."
            )
        self.vae, self.unet = built.vae, built.unet
        text = (
            self.described["prompt_tokens"],
            self.described["unet"].get("cross_attention_dim", 1280),
        )
        self.prompt = nn.Parameter(torch.zeros(text), requires_grad=False)
        self.projection = nn.Linear(channels, options["width"])
        self.outputs = (TokenShape(self.grid**2, options["width"]),)

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Pixels [B, 3, S, S] to normalized, pooled states [B, C, grid, grid]."""
        from workers.pipeline.diffusion.partial import encode_latents, hidden_states

        latents = encode_latents(self.vae, pixels.contiguous(memory_format=torch.channels_last))
        noises = _noises(photos, self.draws, latents)
        text = self.prompt.expand(len(latents), -1, -1)
        total = torch.zeros((), device=latents.device)
        for noise in noises:
            noisy = self.signal**0.5 * latents + (1 - self.signal) ** 0.5 * noise
            total = total + hidden_states(self.unet, noisy, self.timestep, text).float()
        # Places differ in scale, the corners most: each is normalized over its channels first.
        places = (total / self.draws).permute(0, 2, 3, 1)
        normal = functional.layer_norm(places, places.shape[-1:]).permute(0, 3, 1, 2)
        return functional.adaptive_avg_pool2d(normal, self.grid)

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Pooled states [B, C, grid, grid] to tokens [B, grid * grid, width]."""
        return (self.projection(features.flatten(2).transpose(1, 2)),)

    def train(self, mode: bool = True) -> LatentDiffusion:
        """The frozen networks drop nothing."""
        super().train(mode)
        self.vae.eval()
        self.unet.eval()
        return self

    def trunk_parameters(self) -> list[nn.Parameter]:
        """All but the projection."""
        return [*self.vae.parameters(), *self.unet.parameters(), self.prompt]

    def architecture(self) -> dict[str, Any]:
        """The configs of both networks and of the noise schedule."""
        return self.described

    def fresh_parameters(self) -> list[nn.Parameter]:
        """The projection; everything when no directory fills the networks."""
        module = self.projection if self.directory is not None else self
        return list(module.parameters())

    def load_pretrained(self) -> None:
        """Load the weights of `directory`; without one the networks keep their random weights."""
        if self.directory is None:
            return
        from workers.pipeline.diffusion.weights import empty_prompt, fill

        folder = Path(self.directory)
        fill(self.vae, folder / "vae")
        fill(self.unet, folder / "unet")
        prompt = empty_prompt(folder, len(self.prompt))
        if prompt is not None:
            if prompt.shape != self.prompt.shape:
                raise ModelError(
                    f"The text encoder in {folder} gives {prompt.shape[-1]} values a token; the "
                    f"U-Net takes {self.prompt.shape[-1]}."
                )
            self.prompt.copy_(prompt)


def _describe(options: dict[str, Any]) -> dict[str, Any]:
    """The architecture, from the options themselves or from the directory they name."""
    from workers.pipeline.diffusion.architecture import check_architecture, read_architecture

    if "architecture" in options:
        return check_architecture(options["architecture"])
    if options.get("directory") is None:
        raise ModelError("A diffusion encoder needs the option directory.")
    return read_architecture(options["directory"])


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The options with their defaults; raises `ModelError` for one unknown or of a wrong type."""
    unknown = sorted(set(given) - {*DEFAULTS, "directory", "architecture"})
    if unknown:
        raise ModelError(
            f"A diffusion encoder has no option {', '.join(unknown)}; "
            f"known are {', '.join(DEFAULTS)}, directory, architecture."
        )
    options = DEFAULTS | {key: given[key] for key in DEFAULTS if key in given}
    for key in ("timestep", "draws", "grid", "width"):
        least = 0 if key == "timestep" else 1
        if type(options[key]) is not int or options[key] < least:
            raise ModelError(
                f"A diffusion encoder's {key} is a whole number from {least}, not {options[key]!r}."
            )
    return options


def _noises(
    photos: Sequence[PhotoFacts], draws: int, latents: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """Standard normal noise for each draw, [B, C, h, w].

    Each photo's comes from a generator of its own, on the CPU, so that it repeats on any device
    and in any batch; more draws begin with those of fewer.
    """
    shape = (draws, *latents.shape[1:])
    rows = [torch.randn(shape, generator=noise_generator(facts)) for facts in photos]
    return torch.stack(rows, dim=1).to(latents.device, latents.dtype).unbind()


def noise_generator(facts: PhotoFacts) -> torch.Generator:
    """The generator of one photo's noise, seeded by the SHA-256 of `facts.sha256`."""
    digest = hashlib.sha256(facts.sha256.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
