"""What the strategies share: options, decoded sequences, and masked log-probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch

from workers.pipeline.decoder import CaptionDecoder


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


class DecodingStrategy(ABC):
    """Turns image tokens into sequences, best first, through the decoder's one step function."""

    @abstractmethod
    def decode(
        self,
        decoder: CaptionDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """Image tokens [B, S, width] to at most `num` distinct sequences per image."""


def log_probabilities(logits: torch.Tensor, options: DecodingOptions, first: bool) -> torch.Tensor:
    """Logits [rows, V] to log-probabilities with minus infinity at tokens that may not come next.

    They are not normalised again after masking, so that a score does not depend on what was
    forbidden.
    """
    scores = torch.log_softmax(logits, dim=-1)
    forbidden = [*options.banned, options.end] if first else list(options.banned)
    if forbidden:
        scores[:, forbidden] = -torch.inf
    return scores


def distinct(
    sequences: Sequence[DecodedSequence], options: DecodingOptions, num: int
) -> list[DecodedSequence]:
    """The first `num` sequences that differ as captions, in the order given."""
    found: dict[Hashable, DecodedSequence] = {}
    for sequence in sequences:
        found.setdefault(options.identity(sequence.ids), sequence)
    return list(found.values())[:num]
