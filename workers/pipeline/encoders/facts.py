"""Encoders that look at no pixels: how the photo was taken, words about it, who will read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import nn

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape
from workers.pipeline.errors import ModelError
from workers.pipeline.exif import EXIF_SIZE, NO_EXIF

# Universal parts of speech (universaldependencies.org); X also stands for a word without a tag.
TAGS = (
    *("X", "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB"),
)
# Cached features are fp16, which holds whole numbers up to 2048.
MAX_BUCKETS = 2048


class NumbersEncoder(Encoder):
    """A vector of known numbers as one token, through two layers; option `width` (64).

    Give it `preprocess: {size: 1}`, because it looks at no pixels.
    """

    def __init__(self, config: EncoderConfig, size: int) -> None:
        super().__init__()
        width = int(config.options.get("width", 64))
        self.layers = nn.Sequential(nn.Linear(size, width), nn.GELU(), nn.Linear(width, width))
        self.outputs = (TokenShape(1, width),)

    def numbers(self, photo: PhotoFacts) -> tuple[float, ...]:
        """The photo's vector, always of the same length."""
        raise NotImplementedError

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Numbers [B, size] of the photos."""
        rows = [self.numbers(photo) for photo in photos]
        return torch.tensor(rows, dtype=torch.float32, device=pixels.device)

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Numbers [B, size] to one token [B, 1, width]."""
        return (self.layers(features)[:, None],)


class ExifEncoder(NumbersEncoder):
    """How the photo was taken: the numbers of `workers.pipeline.exif.read_exif`."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, EXIF_SIZE)

    def numbers(self, photo: PhotoFacts) -> tuple[float, ...]:
        """The photo's EXIF numbers, or those that say that nothing is known."""
        return photo.exif or NO_EXIF


class ProfileEncoder(NumbersEncoder):
    """A vector of a person's taste; option `size` (32), its length.

    A last number is 1 when there is none. A vector of another length, or one that holds a number
    which is not finite, counts as none: it must never cost anyone a caption.
    """

    def __init__(self, config: EncoderConfig) -> None:
        size = int(config.options.get("size", 32))
        super().__init__(config, size + 1)
        self.size = size

    def numbers(self, photo: PhotoFacts) -> tuple[float, ...]:
        """The vector and the flag."""
        usable = len(photo.profile) == self.size and all(map(math.isfinite, photo.profile))
        return (*photo.profile, 0.0) if usable else (*(0.0,) * self.size, 1.0)


class HintsEncoder(Encoder):
    """Words given with the photo: the first `slots` (4) of them, each as one token.

    A word is looked up by its hash in one of `buckets` (2048 at most) rows, so that there is no
    list of words to keep, and its part of speech is added ("dog/NOUN"; X without one). Empty slots
    have a row of their own. Option `width` (64).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        options = config.options
        self.slots, width = int(options.get("slots", 4)), int(options.get("width", 64))
        self.buckets = int(options.get("buckets", MAX_BUCKETS))
        if not 1 <= self.buckets <= MAX_BUCKETS or self.slots < 1:
            raise ModelError(f"Hints need 1 slot or more and 1 to {MAX_BUCKETS} buckets.")
        self.words = nn.Embedding(self.buckets + 1, width)
        self.tags = nn.Embedding(len(TAGS), width)
        self.outputs = (TokenShape(self.slots, width),)

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Rows of word and tag [B, slots, 2] as floats; word 0 is an empty slot."""
        rows = [[self._rows(hint) for hint in photo.hints[: self.slots]] for photo in photos]
        filled = [row + [(0, 0)] * (self.slots - len(row)) for row in rows]
        return torch.tensor(filled, dtype=torch.float32, device=pixels.device)

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Rows [B, slots, 2] to tokens [B, slots, width]."""
        rows = features.long()
        return (self.words(rows[..., 0]) + self.tags(rows[..., 1]),)

    def _rows(self, hint: str) -> tuple[int, int]:
        word, slash, tag = hint.rpartition("/")
        if not slash or tag.upper() not in TAGS:
            word, tag = hint, "X"
        digest = hashlib.sha256(word.strip().lower().encode("utf-8", "replace")).digest()
        return 1 + int.from_bytes(digest[:8], "big") % self.buckets, TAGS.index(tag.upper())
