"""Nucleus (top-p) sampling with one generator per image, independent of its neighbours.

Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020: sample from the smallest set
of tokens whose probability reaches p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    distinct,
    log_probabilities,
)

# Rounds of sampling before fewer captions than asked are accepted: a sure model repeats itself.
MAX_ROUNDS = 5


@dataclass(frozen=True)
class Nucleus(DecodingStrategy):
    """Draws `num` samples per image, and draws again where they came out equal."""

    top_p: float = 0.9
    temperature: float = 1.0

    def decode(
        self,
        decoder: CaptionDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """Up to `num` distinct samples per image, likeliest first.

        `seeds` has one entry per image.
        """
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        found: list[list[DecodedSequence]] = [[] for _ in seeds]
        for _ in range(MAX_ROUNDS):
            wanting = [image for image, samples in enumerate(found) if len(samples) < num]
            if not wanting:
                break
            # All chance of a round is drawn at once: how far the neighbours decode cannot shift the
            # stream.
            draws = [torch.rand(num, options.max_tokens, generator=generators[i]) for i in wanting]
            chance = torch.cat(draws).to(memory.device)
            for image, samples in zip(
                wanting, self._sample(decoder, memory[wanting], options, chance), strict=True
            ):
                found[image] = distinct([*found[image], *samples], options, num)
        return [sorted(samples, key=lambda sample: -sample.mean) for samples in found]

    def _sample(
        self,
        decoder: CaptionDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        chance: torch.Tensor,
    ) -> list[list[DecodedSequence]]:
        """One round: uniform numbers [images * num, max_tokens] to num samples per image."""
        rows, num = len(chance), len(chance) // len(memory)
        state = decoder.begin(memory)
        tokens = torch.full((rows,), options.start, device=memory.device)
        ids: list[list[int]] = [[] for _ in range(rows)]
        totals, open_rows = [0.0] * rows, set(range(rows))
        steps = [options.max_tokens] * rows
        for position in range(options.max_tokens):
            scores = log_probabilities(decoder.step(tokens, state), options, first=position == 0)
            tokens = self._draw(scores, chance[:, position])
            gained = scores.gather(1, tokens[:, None])[:, 0].tolist()
            for row, token in enumerate(tokens.tolist()):
                if row not in open_rows:
                    continue
                totals[row] += gained[row]
                if token == options.end:
                    steps[row] = position + 1
                    open_rows.discard(row)
                else:
                    ids[row].append(token)
            if not open_rows:
                break
        sequences = [DecodedSequence(tuple(ids[r]), totals[r], steps[r]) for r in range(rows)]
        return [sequences[first : first + num] for first in range(0, rows, num)]

    def _draw(self, scores: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
        """Inverse-CDF sampling inside the nucleus: scores [rows, V], uniform [rows] to [rows]."""
        probabilities, order = torch.softmax(scores / self.temperature, dim=-1).sort(
            dim=-1, descending=True, stable=True
        )
        reached = probabilities.cumsum(dim=-1)
        # A token belongs to the nucleus when those before it have not reached p; the first always
        # does.
        inside = reached - probabilities < self.top_p
        mass = (probabilities * inside).sum(dim=-1, keepdim=True)
        chosen = (reached < chance[:, None] * mass).sum(dim=-1, keepdim=True)
        last = inside.sum(dim=-1, keepdim=True) - 1
        return order.gather(1, torch.minimum(chosen, last))[:, 0]
