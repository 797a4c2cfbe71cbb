"""Greedy decoding: the likeliest token at every step; always exactly one caption."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    log_probabilities,
)


class Greedy(DecodingStrategy):
    """Takes the argmax until every image has ended or the length is spent."""

    def decode(
        self,
        decoder: CaptionDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """One sequence per image, whatever `num` and `seeds` are."""
        state = decoder.begin(memory)
        tokens = torch.full((len(memory),), options.start, device=memory.device)
        steps: list[tuple[list[int], list[float]]] = []
        open_rows = torch.ones(len(memory), dtype=torch.bool, device=memory.device)
        while open_rows.any() and len(steps) < options.max_tokens:
            scores = log_probabilities(decoder.step(tokens, state), options, first=not steps)
            best, tokens = scores.max(dim=-1)
            steps.append((tokens.tolist(), best.tolist()))
            open_rows &= tokens != options.end
        return [[_sequence(row, steps, options.end)] for row in range(len(memory))]


def _sequence(row: int, steps: list[tuple[list[int], list[float]]], end: int) -> DecodedSequence:
    ids: list[int] = []
    total = 0.0
    for count, (tokens, scores) in enumerate(steps, start=1):
        total += scores[row]
        if tokens[row] == end:
            return DecodedSequence(tuple(ids), total, count)
        ids.append(tokens[row])
    return DecodedSequence(tuple(ids), total, len(steps))
