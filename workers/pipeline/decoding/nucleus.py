"""Nucleus (top-p) sampling with one generator per image, independent of its neighbours.

Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020: sample from the smallest set
of tokens whose probability reaches p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    StepDecoder,
    distinct,
    forbidden_tokens,
    log_probabilities,
)
from workers.pipeline.decoding.rows import Rows

# Rounds of sampling before fewer captions than asked are accepted: a sure model repeats itself.
MAX_ROUNDS = 5
# Tokens sorted at first: a whole vocabulary takes ten times as long, and is hardly ever needed.
SORTED = 128


@dataclass(frozen=True)
class Nucleus(DecodingStrategy):
    """Draws `num` samples per image, and draws again where they came out equal."""

    top_p: float = 0.9
    temperature: float = 1.0

    def decode(
        self,
        decoder: StepDecoder,
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
                wanting, self.sample(decoder, memory[wanting], options, chance), strict=True
            ):
                found[image] = distinct([*found[image], *samples], options, num)
        return [sorted(samples, key=lambda sample: -sample.mean) for samples in found]

    def sample(
        self,
        decoder: StepDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        chance: torch.Tensor,
    ) -> list[list[DecodedSequence]]:
        """One round: uniform numbers [images * num, max_tokens] to num samples per image.

        Samples stand in the order of their numbers and may repeat one another.
        """
        num = len(chance) // len(memory)
        state = decoder.begin(memory)
        first, later = forbidden_tokens(options, memory.device)
        rows = Rows(len(memory), num, options, memory.device)
        while rows.open:
            # All samples of an image begin alike, so the first step needs one row of each.
            logits = decoder.step(rows.tokens[::num] if rows.length == 0 else rows.tokens, state)
            if rows.length == 0:
                fork = torch.arange(len(chance), device=memory.device) // num
                logits = logits[fork]
                state.follow(fork)
            scores = log_probabilities(logits, first if rows.length == 0 else later)
            tokens = self._draw(scores, chance[rows.alive, rows.length])
            rows.append(tokens, scores.gather(1, tokens[:, None])[:, 0])
            rows.shrink(state)
        sequences = rows.sequences()
        return [sequences[start : start + num] for start in range(0, len(sequences), num)]

    def _draw(self, scores: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
        """Inverse-CDF sampling inside the nucleus: scores [rows, V], uniform [rows] to [rows].

        Only the likeliest tokens are sorted; the few rows that need more are sorted whole.
        """
        probabilities = torch.softmax(scores / self.temperature, dim=-1)
        tokens, settled = self._pick(probabilities, chance, SORTED)
        if not settled.all():
            rest = (~settled).nonzero()[:, 0]
            tokens[rest] = self._pick(probabilities[rest], chance[rest], scores.shape[1])[0]
        return tokens

    def _pick(
        self, probabilities: torch.Tensor, chance: torch.Tensor, count: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens drawn from the `count` likeliest, and in which rows those were enough."""
        size = probabilities.shape[1]
        if count < size:
            largest, order = probabilities.topk(count, dim=-1)
        else:
            largest, order = probabilities.sort(dim=-1, descending=True, stable=True)
        reached = largest.cumsum(dim=-1)
        # A token belongs to the nucleus when those before it have not reached p; the first always
        # does.
        inside = reached - largest < self.top_p
        inside[:, 0] = True
        mass = (largest * inside).sum(dim=-1) if self.top_p < 1 else torch.ones_like(chance)
        chosen = (reached < (chance * mass)[:, None]).sum(dim=-1)
        settled = chosen < count if self.top_p >= 1 else ~inside[:, -1]
        last = inside.sum(dim=-1) - 1
        tokens = order.gather(1, torch.minimum(chosen, last)[:, None])[:, 0]
        return tokens, settled | (count >= size)
