"""Captions that grow one token a step without competing: what greedy and sampling write to."""

from __future__ import annotations

import torch

from workers.pipeline.decoder import DecoderState
from workers.pipeline.decoding.base import DecodedSequence, DecodingOptions, open_rows


class Rows:
    """`images` times `num` captions, row r being one of image r // num.

    `tokens` are the newest of the rows still decoded, and `alive` says which rows those are.
    """

    def __init__(
        self, images: int, num: int, options: DecodingOptions, device: torch.device
    ) -> None:
        self.num, self.options = num, options
        rows = images * num
        self.tokens = torch.full((rows,), options.start, device=device)
        self.alive = torch.arange(rows, device=device)
        self.length = 0
        self._ended = torch.zeros(rows, dtype=torch.bool, device=device)
        self._ids = torch.full((rows, options.max_tokens), options.end, device=device)
        self._gained = torch.zeros(rows, options.max_tokens, device=device)

    @property
    def open(self) -> bool:
        """Whether there is anything left to decode."""
        return self.length < self.options.max_tokens and len(self.alive) > 0

    def append(self, tokens: torch.Tensor, scores: torch.Tensor) -> None:
        """The next tokens of the rows alive and their log-probabilities."""
        self.tokens = tokens
        self._ids[self.alive, self.length] = tokens
        self._gained[self.alive, self.length] = scores
        self._ended[self.alive] |= tokens == self.options.end
        self.length += 1

    def shrink(self, state: DecoderState) -> None:
        """Leave out images whose captions have all ended, where that pays."""
        done = self._ended[self.alive].view(-1, self.num).all(dim=1)
        images = open_rows(done, self.length, self.options)
        if images is None:
            return
        members = torch.arange(self.num, device=images.device)
        kept = (images[:, None] * self.num + members).flatten()
        state.keep(images)
        state.follow(kept)
        self.alive, self.tokens = self.alive[kept], self.tokens[kept]

    def sequences(self) -> list[DecodedSequence]:
        """One finished caption a row."""
        return [
            _sequence(ids, gained, self.options.end)
            for ids, gained in zip(self._ids.tolist(), self._gained.tolist(), strict=True)
        ]


def _sequence(ids: list[int], gained: list[float], end: int) -> DecodedSequence:
    """Tokens up to the first end, which counts as a step; the score is summed in that order."""
    length = ids.index(end) if end in ids else len(ids)
    steps = min(length + 1, len(ids))
    return DecodedSequence(tuple(ids[:length]), sum(gained[:steps]), steps)
