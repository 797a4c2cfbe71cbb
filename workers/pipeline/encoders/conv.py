"""A very small convolutional encoder: for tests, and as the control of an ablation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape


class ConvGrid(Encoder):
    """Two strided convolutions to a grid of (size / 16) squared tokens.

    Option `width` (32 by default).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = int(config.options.get("width", 32))
        self.stem = nn.Conv2d(3, width // 2, kernel_size=4, stride=4)
        self.top = nn.Conv2d(width // 2, width, kernel_size=4, stride=4)
        side = config.preprocess.size // 16
        self.outputs = (TokenShape(side**2, width),)

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Pixels [B, 3, S, S] to [B, width / 2, S / 4, S / 4]."""
        return self.stem(pixels).relu()

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The stem's map to tokens [B, (S / 16) ** 2, width]."""
        return (self.top(features).flatten(2).transpose(1, 2),)

    def trunk_parameters(self) -> list[nn.Parameter]:
        """The stem."""
        return list(self.stem.parameters())
