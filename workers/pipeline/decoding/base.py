"""What the strategies share: options, decoded sequences, and masked log-probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from workers.pipeline.decoder import DecoderState

# Scores a column of which one maximum is taken in the search for the best, the fastest depth first:
# 0.09 ms for 80 rows of 6,000 by 24, 0.2 ms by 50, 0.25 ms where those of a maximum are neighbours.
DEPTHS = (24, *range(25, 41), *range(23, 9, -1))
# Images that are done leave the batch when at most this share of it is still open.
SMALLER = 0.75
# Steps on a GPU after which it is asked whether all images are done.
TESTED_EVERY = 4


@dataclass(frozen=True)
class DecodingOptions:
    """Token-level facts every strategy needs.

    `start` is the language token, `end` closes a caption, `banned` tokens are never generated, and
    no caption is empty: `end` is also banned as the first token. `identity` says when two sequences
    are the same caption, since two ways to tokenize may spell one text.
    """

    start: int
    end: int
    banned: tuple[int, ...] = ()
    max_tokens: int = 40
    identity: Callable[[tuple[int, ...]], Hashable] = tuple


@dataclass(frozen=True)
class DecodedSequence:
    """Token ids without start and end, and the summed log-probability, the end included."""

    ids: tuple[int, ...]
    total: float
    steps: int

    @property
    def mean(self) -> float:
        """Mean log-probability per token, at most 0."""
        return min(self.total / max(1, self.steps), 0.0)  # this order keeps a NaN a NaN


class StepDecoder(Protocol):
    """What strategies need of a decoder; `CaptionDecoder` and `GraphedDecoder` have it."""

    def begin(self, memory: torch.Tensor | None) -> DecoderState:
        """Start decoding for image tokens [B, S, width]."""
        ...

    def step(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """Last tokens [rows] to float32 logits [rows, V]."""
        ...


class DecodingStrategy(ABC):
    """Turns image tokens into sequences, best first, through the decoder's one step function."""

    @abstractmethod
    def decode(
        self,
        decoder: StepDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """Image tokens [B, S, width] to at most `num` distinct sequences per image."""


def forbidden_tokens(options: DecodingOptions, device: torch.device) -> tuple[torch.Tensor, ...]:
    """Ids that may not come first, and ids that may not come later."""
    later = list(options.banned)
    return (
        torch.tensor([*later, options.end], dtype=torch.long, device=device),
        torch.tensor(later, dtype=torch.long, device=device),
    )


def log_probabilities(logits: torch.Tensor, forbidden: torch.Tensor) -> torch.Tensor:
    """Logits [rows, V] to log-probabilities with minus infinity at the `forbidden` ids.

    They are not normalised again after masking, so that a score does not depend on what was
    forbidden. On a CPU the fused log-softmax takes less time than logsumexp alone (0.3 against
    0.5 ms for 160 rows of 4,000), so all of it is computed before the best are searched.
    """
    return torch.log_softmax(logits, dim=-1).index_fill_(1, forbidden, -torch.inf)


def best_of(
    scores: torch.Tensor, totals: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The `count` largest of scores [images * beams, V] plus totals [images, beams], per image.

    In descending order, and where they stand among beams * V. The largest lie in the columns with
    the largest maxima, so only `count` columns are searched: finding maxima is vectorised, `topk`
    is not.
    """
    size, offsets = scores.shape[1], totals[..., None]
    depth = column_depth(size)
    columns = size // depth
    if depth == 1 or totals.shape[1] * columns <= count or scores.device.type != "cpu":
        summed = scores.view(*totals.shape, size) + offsets
        whole = summed.flatten(1).topk(count)
        return whole.values, whole.indices
    maxima = scores.view(-1, depth, columns).amax(dim=1).view(*totals.shape, columns)
    best = (maxima + offsets).flatten(1).topk(count, sorted=False).indices
    beams, column = best // columns, best % columns
    rows = beams + torch.arange(0, len(scores), totals.shape[1])[:, None]
    places = (rows * size + column)[..., None] + torch.arange(0, size, columns)
    found = scores.view(-1).index_select(0, places.flatten()).view(places.shape)
    values, picks = (found + totals.gather(1, beams)[..., None]).flatten(1).topk(count)
    winners = picks // depth
    first = beams.gather(1, winners) * size + column.gather(1, winners)
    return values, first + picks % depth * columns


def column_depth(size: int) -> int:
    """How many of `size` scores share a column of `best_of`; 1 where they cannot be divided."""
    return next((depth for depth in DEPTHS if size % depth == 0), 1)


def open_rows(done: torch.Tensor, length: int, options: DecodingOptions) -> torch.Tensor | None:
    """Indices of the images still open after `length` tokens, or None to go on with all of them.

    On a CPU images leave once that pays for moving what is left, which changes how many rows are
    computed and never their results. On a GPU shapes stay and asking means waiting for it, so all
    leave together, which is tested every few steps.
    """
    gpu = done.device.type == "cuda"
    if gpu and length % TESTED_EVERY and length < options.max_tokens:
        return None
    count = len(done) - int(done.sum())
    if count > (0 if gpu else SMALLER * len(done)):
        return None
    return (~done).nonzero()[:, 0]


def distinct(
    sequences: Sequence[DecodedSequence], options: DecodingOptions, num: int
) -> list[DecodedSequence]:
    """The first `num` sequences that differ as captions, in the order given."""
    found: dict[Hashable, DecodedSequence] = {}
    for sequence in sequences:
        found.setdefault(options.identity(sequence.ids), sequence)
    return list(found.values())[:num]
