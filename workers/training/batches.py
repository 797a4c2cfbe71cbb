"""Batches of photos with all their captions, in an order that seed and epoch fix."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from workers.pipeline.tokens import CaptionTokenizer
from workers.training.data import CaptionedPhoto
from workers.training.features import FeatureCache
from workers.training.views import is_flipped, mirror_caption


@dataclass(frozen=True)
class Batch:
    """Features per encoder [B, ...] and ids [B * captions, T], a photo's captions together."""

    features: list[torch.Tensor]
    ids: torch.Tensor


class CaptionBatches:
    """Draws one view of every photo per epoch, together with all its captions."""

    def __init__(
        self,
        rows: Sequence[CaptionedPhoto],
        hashes: dict[str, str],
        caches: Sequence[FeatureCache],
        tokenizer: CaptionTokenizer,
        *,
        language: str,
        views: int,
        batch: int,
        max_tokens: int,
        seed: int,
    ) -> None:
        self.rows = list(rows)
        self.hashes = hashes
        self.caches = caches
        self.tokenizer = tokenizer
        self.language = language
        self.views = views
        self.batch = batch
        self.max_tokens = max_tokens
        self.seed = seed
        self.captions_per_photo = max(len(row.captions) for row in self.rows)

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch)

    def epoch(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, from batch `skip` on; the same for the same seed and number."""
        chance = random.Random(f"{self.seed}:{number}")
        order = chance.sample(range(len(self.rows)), len(self.rows))
        # Views rotate, so that every photo shows each of its views equally often, from a start of
        # its own.
        views = [(number + index) % self.views for index in range(len(self.rows))]
        for start in range(skip * self.batch, len(order), self.batch):
            members = order[start : start + self.batch]
            yield self._batch([self.rows[i] for i in members], [views[i] for i in members])

    def _batch(self, rows: list[CaptionedPhoto], views: list[int]) -> Batch:
        hashes = [self.hashes[row.file] for row in rows]
        captions = [
            ids for row, view in zip(rows, views, strict=True) for ids in self._encode(row, view)
        ]
        return Batch(
            [cache.read(hashes, views) for cache in self.caches],
            pad_rows(captions, self.tokenizer.pad),
        )

    def _encode(self, row: CaptionedPhoto, view: int) -> list[list[int]]:
        """All captions of a photo as ids; a photo with fewer than the others repeats its own."""
        texts = [row.captions[i % len(row.captions)] for i in range(self.captions_per_photo)]
        if is_flipped(view):
            texts = [mirror_caption(text) for text in texts]
        return [self.tokenizer.encode(text, self.language, self.max_tokens) for text in texts]


def pad_rows(rows: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    """Lists of ids to one tensor [rows, longest], padded at the end."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
