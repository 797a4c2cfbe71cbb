"""Beam search with the semantics of `transformers` `generate(num_beams=k, early_stopping=False)`.

The sequences and their order are the same (a test compares them); the state here is far smaller,
because step 0 runs one row per image and cross-attention is shared by an image's beams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from workers.pipeline.decoder import CaptionDecoder, DecoderState
from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    distinct,
    log_probabilities,
)


@dataclass
class _ImageBeams:
    """The running hypotheses of one image and those that have ended."""

    ids: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    totals: list[float] = field(default_factory=lambda: [0.0])
    ended: list[tuple[float, DecodedSequence]] = field(default_factory=list)
    done: bool = False


@dataclass(frozen=True)
class Beam(DecodingStrategy):
    """Keeps the `width` likeliest beginnings.

    A finished caption scores total / length ** length_penalty.
    """

    width: int = 5
    length_penalty: float = 1.0

    def decode(
        self,
        decoder: CaptionDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """The `num` best distinct sequences per image.

        The width grows to `num` where that is larger.
        """
        width = max(self.width, num)
        images = [_ImageBeams() for _ in range(len(memory))]
        state = decoder.begin(memory)
        tokens = torch.full((len(memory),), options.start, device=memory.device)
        for length in range(1, options.max_tokens + 1):
            tokens = self._step(decoder, state, tokens, images, options, width, length)
            if all(image.done for image in images):
                break
        return [
            distinct([sequence for _, sequence in image.ended], options, num) for image in images
        ]

    def _step(
        self,
        decoder: CaptionDecoder,
        state: DecoderState,
        tokens: torch.Tensor,
        images: list[_ImageBeams],
        options: DecodingOptions,
        width: int,
        length: int,
    ) -> torch.Tensor:
        scores = log_probabilities(decoder.step(tokens, state), options, first=length == 1)
        vocabulary = scores.shape[-1]
        running = torch.tensor([image.totals for image in images], device=scores.device)
        summed = (scores.unflatten(0, (len(images), -1)) + running[..., None]).flatten(1)
        # Twice the width: at most `width` of them end, so as many can go on.
        totals, picks = summed.topk(min(2 * width, summed.shape[1]), dim=-1)
        parents: list[int] = []
        for index, (image, image_totals, image_picks) in enumerate(
            zip(images, totals.tolist(), picks.tolist(), strict=True)
        ):
            candidates = [
                (total, pick // vocabulary, pick % vocabulary)
                for total, pick in zip(image_totals, image_picks, strict=True)
            ]
            first_row = index * running.shape[1]
            parents += [
                first_row + parent
                for parent in self._advance(image, candidates, options, width, length)
            ]
        state.select_rows(torch.tensor(parents, device=scores.device))
        newest = [ids[-1] for image in images for ids in image.ids]
        return torch.tensor(newest, device=scores.device)

    def _advance(
        self,
        image: _ImageBeams,
        candidates: list[tuple[float, int, int]],
        options: DecodingOptions,
        width: int,
        length: int,
    ) -> list[int]:
        """End and continue one image's hypotheses.

        Returns which old hypothesis each new one continues.
        """
        last = length == options.max_tokens
        if not image.done:
            for total, parent, token in candidates[:width]:
                if token == options.end or last:
                    ids = image.ids[parent] if token == options.end else (*image.ids[parent], token)
                    self._end(image, DecodedSequence(ids, total, length), width)
        alive = [candidate for candidate in candidates if candidate[2] != options.end][:width]
        image.ids = [(*image.ids[parent], token) for _, parent, token in alive]
        image.totals = [total for total, _, _ in alive]
        image.done = image.done or last or self._cannot_improve(image, width, length)
        return [parent for _, parent, _ in alive]

    def _end(self, image: _ImageBeams, sequence: DecodedSequence, width: int) -> None:
        score = sequence.total / sequence.steps**self.length_penalty
        image.ended.append((score, sequence))
        image.ended.sort(key=lambda pair: -pair[0])
        del image.ended[width:]

    def _cannot_improve(self, image: _ImageBeams, width: int, length: int) -> bool:
        if len(image.ended) < width:
            return False
        return image.totals[0] / length**self.length_penalty <= image.ended[-1][0]
