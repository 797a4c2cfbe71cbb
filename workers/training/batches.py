"""Batches of photos with captions in their languages, in an order that seed and epoch fix."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from workers.pipeline.tokens import CaptionTokenizer
from workers.training.features import FeatureCache
from workers.training.mixture import TrainingPhoto
from workers.training.views import is_flipped, mirror_caption


@dataclass(frozen=True)
class Batch:
    """Features per encoder [B, ...], ids [B * captions, T], a photo's captions together.

    `languages` names, for each photo, the language in which self-critical training asks for it.
    `tokens` counts the words to predict here, `total` those of the whole batch, of which other
    processes may hold parts.
    """

    features: list[torch.Tensor]
    ids: torch.Tensor
    photos: list[TrainingPhoto]
    views: list[int]
    languages: list[str]
    tokens: int
    total: int

    def on(self, device: torch.device) -> Batch:
        """The same batch with its tensors on `device`."""
        features = [feature.to(device) for feature in self.features]
        return replace(self, features=features, ids=self.ids.to(device))


class CaptionBatches:
    """Draws one view of every photo per epoch, with the same number of captions for each.

    Of each batch the process with `rank` gets every `processes`-th photo.
    """

    def __init__(
        self,
        photos: Sequence[TrainingPhoto],
        hashes: dict[str, str],
        caches: Sequence[FeatureCache],
        tokenizer: CaptionTokenizer,
        *,
        views: int,
        batch: int,
        max_tokens: int,
        seed: int,
        captions: int = 0,
        longest: int = 0,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        self.photos = list(photos)
        self.hashes = hashes
        self.caches = caches
        self.tokenizer = tokenizer
        self.views = views
        self.batch = batch
        self.max_tokens = max_tokens
        self.seed = seed
        self.longest = longest
        self.rank = rank
        self.processes = processes
        self.captions = captions or max(
            sum(map(len, photo.captions.values())) for photo in self.photos
        )

    def __len__(self) -> int:
        return -(-len(self.photos) // self.batch)

    def epoch(self, number: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of one epoch, from batch `skip` on; the same for the same seed and number."""
        chance = random.Random(f"{self.seed}:{number}")
        order = chance.sample(range(len(self.photos)), len(self.photos))
        # Views rotate, so that every photo shows each of its views equally often, from a start of
        # its own.
        views = [(number + index) % self.views for index in range(len(self.photos))]
        for start in range(skip * self.batch, len(order), self.batch):
            members = order[start : start + self.batch]
            chance = random.Random(f"{self.seed}:{number}:{start}")
            yield self._batch(
                [self.photos[i] for i in members], [views[i] for i in members], chance
            )

    def _batch(self, photos: list[TrainingPhoto], views: list[int], chance: random.Random) -> Batch:
        captions = [
            self._captions(photo, view, chance) for photo, view in zip(photos, views, strict=True)
        ]
        languages = [chance.choice(list(photo.captions)) for photo in photos]
        own = range(self.rank, len(photos), self.processes)
        # A process without a photo takes the first one along: its loss counts nothing then.
        taken = own or range(1)
        shown = [views[i] for i in taken]
        hashes = [self.hashes[photos[i].file] for i in taken]
        return Batch(
            [cache.read(hashes, shown) for cache in self.caches],
            pad_rows([ids for i in taken for ids in captions[i]], self.tokenizer.pad),
            [photos[i] for i in taken],
            shown,
            [languages[i] for i in taken],
            tokens=_targets(captions[i] for i in own),
            total=_targets(captions),
        )

    def _captions(self, photo: TrainingPhoto, view: int, chance: random.Random) -> list[list[int]]:
        """Ids of the captions drawn; a photo with fewer than asked for repeats its own."""
        pool = [
            self._encode(text, language, view)
            for language, texts in photo.captions.items()
            for text in texts
        ]
        if self.longest:
            pool = [ids for ids in pool if len(ids) <= self.longest + 1] or [min(pool, key=len)]
        if len(pool) > self.captions:
            return chance.sample(pool, self.captions)
        return [pool[index % len(pool)] for index in range(self.captions)]

    def _encode(self, text: str, language: str, view: int) -> list[int]:
        shown = mirror_caption(text) if is_flipped(view) else text
        return self.tokenizer.encode(shown, language, self.max_tokens)


def _targets(captions: Iterable[list[list[int]]]) -> int:
    """How many tokens are predicted: all but the first of each caption."""
    return sum(len(ids) - 1 for rows in captions for ids in rows)


def pad_rows(rows: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    """Lists of ids to one tensor [rows, longest], padded at the end."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
