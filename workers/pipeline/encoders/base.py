"""What every vision encoder offers: a frozen trunk, cacheable, and a head that gives tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class TokenShape:
    """A fixed number of tokens of one width, so that the fuse step can lay encoders end to end."""

    count: int
    width: int


@dataclass(frozen=True)
class PhotoFacts:
    """What an encoder may know of a photo besides its pixels.

    `sha256` is the hex digest of the encoded bytes, which seeds what an encoder draws by chance.
    `exif` holds the numbers of `workers.pipeline.exif.read_exif`. `hints` are words a person gave
    with the photo, each as "word" or "word/TAG" with a universal part of speech. `profile` is a
    vector that describes the person's taste. All three may be empty.
    """

    sha256: str
    exif: tuple[float, ...] = ()
    hints: tuple[str, ...] = ()
    profile: tuple[float, ...] = ()


class Encoder(nn.Module, ABC):
    """A vision encoder in two parts.

    `trunk` is never trained here, so training caches its output on disk; `head` turns that output
    into tokens and may be fine-tuned. An encoder may give several token groups (say two grid
    scales): one per entry of `outputs`.
    """

    outputs: tuple[TokenShape, ...]

    @abstractmethod
    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Normalized pixels [B, 3, S, S] to the feature map [B, ...] that may be cached."""

    @abstractmethod
    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Feature map [B, ...] to token groups, each [B, count, width] as in `outputs`."""

    def forward(
        self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]
    ) -> tuple[torch.Tensor, ...]:
        """Pixels [B, 3, S, S] to token groups."""
        return self.head(self.trunk(pixels, photos))

    def trunk_parameters(self) -> list[nn.Parameter]:
        """The parameters that cached features depend on."""
        return []

    def frozen_parameters(self) -> list[nn.Parameter]:
        """The parameters no training may change: the trunk's, and what a subclass adds."""
        return self.trunk_parameters()

    def load_pretrained(self) -> None:
        """Fill in weights from an installed package or a source directory, before training.

        Encoders without such do nothing.
        """
        return

    def fresh_parameters(self) -> list[nn.Parameter]:
        """The parameters that `load_pretrained` does not fill: they must be trained."""
        untouched = type(self).load_pretrained is Encoder.load_pretrained
        return list(self.parameters()) if untouched else []

    def pack(self) -> None:
        """Change weights to the form that computes fastest in fp32 on a CPU, for good.

        What packs nothing stays as it is.
        """
        return

    def architecture(self) -> dict[str, Any] | None:
        """The option `architecture` that rebuilds this encoder without its source directory.

        None when its kind and other options suffice.
        """
        return None
