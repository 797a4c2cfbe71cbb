"""The photos of a data set in memory, small and square, with their captions as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from workers.pipeline.config import PreprocessConfig
from workers.pipeline.images import decode_photo, square
from workers.training.data import CaptionedPhoto
from workers.training.latent.text import PromptTokenizer
from workers.training.photos import PhotoStore
from workers.training.views import mirror_caption


@dataclass(frozen=True)
class Pictures:
    """`pixels` uint8 [N, 3, S, S]; `ids` [2, N, captions, tokens], first as written, then for the
    mirror image, with left and right swapped.
    """

    pixels: torch.Tensor
    ids: torch.Tensor


def load_pictures(
    store: PhotoStore, rows: Sequence[CaptionedPhoto], size: int, tokenizer: PromptTokenizer
) -> Pictures:
    """Decode every photo once; a photo with fewer captions than the others repeats its own."""
    most = max(len(row.captions) for row in rows)
    texts = [row.captions[i % len(row.captions)] for row in rows for i in range(most)]
    ids = [tokenizer.encode(texts), tokenizer.encode([mirror_caption(text) for text in texts])]
    return Pictures(_pixels(store, rows, size), torch.stack(ids).view(2, len(rows), most, -1))


def _pixels(store: PhotoStore, rows: Sequence[CaptionedPhoto], size: int) -> torch.Tensor:
    config = PreprocessConfig(size=size, mode="squash")
    pixels = torch.empty(len(rows), 3, size, size, dtype=torch.uint8)
    for place, row in enumerate(rows):
        picture = square(decode_photo(store.read(row.file), smallest_side=size), config)
        pixels[place] = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    return pixels


def to_unit(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 to float32 in [-1, 1], as the autoencoder takes them, channels last in memory."""
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
