"""Greedy decoding: the likeliest token at every step; always exactly one caption."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    StepDecoder,
    forbidden_tokens,
    log_probabilities,
)
from workers.pipeline.decoding.rows import Rows


class Greedy(DecodingStrategy):
    """Takes the argmax until every image has ended or the length is spent."""

    def decode(
        self,
        decoder: StepDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """One sequence per image, whatever `num` and `seeds` are."""
        state = decoder.begin(memory)
        rows = Rows(len(memory), 1, options, memory.device)
        first, later = forbidden_tokens(options, memory.device)
        while rows.open:
            logits = decoder.step(rows.tokens, state)
            scores = log_probabilities(logits, first if rows.length == 0 else later)
            rows.append(*reversed(scores.max(dim=-1)))
            rows.shrink(state)
        return [[sequence] for sequence in rows.sequences()]
