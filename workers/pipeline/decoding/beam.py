"""Beam search with the semantics of `transformers` `generate(num_beams=k, early_stopping=False)`.

The sequences and their order are the same (a test compares them); the work is far less, because
step 0 runs one row per image, images that are done leave the batch, and no cache is reordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workers.pipeline.decoder import DecoderState
from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    StepDecoder,
    best_of,
    distinct,
    forbidden_tokens,
    log_probabilities,
    open_rows,
)


@dataclass(frozen=True)
class Beam(DecodingStrategy):
    """Keeps the `width` likeliest beginnings.

    A finished caption scores total / length ** length_penalty.
    """

    width: int = 5
    length_penalty: float = 1.0

    def decode(
        self,
        decoder: StepDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """The `num` best distinct sequences per image.

        The width grows to `num` where that is larger.
        """
        state = decoder.begin(memory)
        search = _Search(len(memory), max(self.width, num), self.length_penalty, options, memory)
        first, later = forbidden_tokens(options, memory.device)
        while search.open:
            logits = decoder.step(search.tokens, state)
            scores = log_probabilities(logits, first if search.length == 0 else later)
            state.follow(search.advance(scores))
            search.shrink(state)
        return [distinct(found, options, num) for found in search.results]


class _Search:
    """The running hypotheses of all images and those that have ended, as tensors.

    Images still open are the first axis of every tensor, hypotheses (best first) the second.
    """

    def __init__(
        self,
        images: int,
        width: int,
        penalty: float,
        options: DecodingOptions,
        memory: torch.Tensor,
    ) -> None:
        device = memory.device
        self.width, self.penalty, self.options = width, penalty, options
        self.length = 0
        self.results: list[list[DecodedSequence]] = [[] for _ in range(images)]
        self.images = torch.arange(images, device=device)
        self.done = torch.zeros(images, dtype=torch.bool, device=device)
        self.tokens = torch.full((images,), options.start, device=device)
        self.totals = torch.zeros(images, 1, device=device)
        self.ids = torch.full((images, 1, options.max_tokens), options.end, device=device)
        # Hypotheses that ended: their scores, descending, and summed log-probabilities, steps, ids.
        self.scores = torch.full((images, width), -torch.inf, device=device)
        self.ended_totals = torch.zeros(images, width, device=device)
        self.ended_steps = torch.zeros(images, width, dtype=torch.long, device=device)
        self.ended_ids = self.ids.expand(-1, width, -1)

    @property
    def open(self) -> bool:
        """Whether any image could still change; where none can, `results` is complete."""
        return len(self.images) > 0

    def advance(self, scores: torch.Tensor) -> torch.Tensor:
        """Continue by one token from log-probabilities [rows, V].

        Returns which old row each new row continues.
        """
        images, beams = self.totals.shape
        vocabulary = scores.shape[1]
        self.length += 1
        # Twice the width: at most `width` of them end, so as many can go on.
        totals, picks = best_of(scores, self.totals, min(2 * self.width, beams * vocabulary))
        parents, tokens = picks // vocabulary, picks % vocabulary
        rows = parents + torch.arange(0, images * beams, beams, device=picks.device)[:, None]
        self._end(totals, rows, tokens)
        # A stable sort puts those that go on before those that end.
        order = (tokens == self.options.end).sort(dim=1, stable=True).indices
        order = order[:, : min(self.width, beams * (vocabulary - 1))]
        rows, tokens = rows.gather(1, order), tokens.gather(1, order)
        self.totals = totals.gather(1, order)
        self.ids = self._continued(rows, tokens)
        self.tokens = tokens.flatten()
        self._close()
        return rows.flatten()

    def shrink(self, state: DecoderState) -> None:
        """Report and leave out images that are done, where that pays."""
        images = open_rows(self.done, self.length, self.options)
        if images is None:
            return
        self._report(self.done.nonzero()[:, 0])
        beams = self.totals.shape[1]
        rows = images[:, None] * beams + torch.arange(beams, device=images.device)
        state.keep(images)
        state.follow(rows.flatten())
        self.tokens = self.tokens[rows.flatten()]
        for name in ("images", "done", "totals", "ids", "scores", *_ENDED):
            setattr(self, name, getattr(self, name)[images])

    def _continued(self, rows: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """The ids [images, n, max_tokens] of old rows [images, n], each with one token more."""
        ids = self.ids.flatten(0, 1).index_select(0, rows.flatten()).unflatten(0, rows.shape)
        ids[:, :, self.length - 1] = tokens
        return ids

    def _end(self, totals: torch.Tensor, rows: torch.Tensor, tokens: torch.Tensor) -> None:
        """Let those of the best `width` candidates end that do, unless their image is done."""
        totals, rows, tokens = (part[:, : self.width] for part in (totals, rows, tokens))
        ending = (tokens == self.options.end) & ~self.done[:, None]
        if self.length == self.options.max_tokens:
            ending = ~self.done[:, None].expand_as(tokens)
        if ending.device.type == "cpu" and not ending.any():
            return
        scores = (totals / self.length**self.penalty).masked_fill(~ending, -torch.inf)
        steps = torch.where(ending, self.length, 0)
        merged = torch.cat((self.scores, scores), dim=1).sort(dim=1, descending=True, stable=True)
        self.scores, order = merged.values[:, : self.width], merged.indices[:, : self.width]
        self.ended_totals = torch.cat((self.ended_totals, totals), dim=1).gather(1, order)
        self.ended_steps = torch.cat((self.ended_steps, steps), dim=1).gather(1, order)
        ids = torch.cat((self.ended_ids, self._continued(rows, tokens)), dim=1)
        self.ended_ids = ids.gather(1, order[..., None].expand(-1, -1, ids.shape[2]))

    def _close(self) -> None:
        """Note which images no running hypothesis can improve any more."""
        reachable = self.totals[:, 0] / self.length**self.penalty
        full = self.ended_steps[:, -1] > 0
        self.done |= full & (reachable <= self.scores[:, -1])
        if self.length == self.options.max_tokens:
            self.done.fill_(True)

    def _report(self, images: torch.Tensor) -> None:
        """Turn what has ended into sequences, best first."""
        numbers, ids, totals, steps = (
            part[images].tolist()
            for part in (self.images, self.ended_ids, self.ended_totals, self.ended_steps)
        )
        for number, *found in zip(numbers, ids, totals, steps, strict=True):
            self.results[number] = [
                DecodedSequence(_without_end(row[:count], self.options.end), total, count)
                for row, total, count in zip(*found, strict=True)
                if count
            ]


_ENDED = ("ended_totals", "ended_steps", "ended_ids")


def _without_end(ids: list[int], end: int) -> tuple[int, ...]:
    return tuple(ids[:-1] if ids[-1] == end else ids)
