"""A batch decoded side by side: each thread takes images of its own, all with one strategy.

Threads that share every operation wait for one another thousands of times a batch, which costs more
than it gains while the operations are small, and far more beside other busy processes. An image's
captions do not depend on its batch, so the parts give what the whole would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise, starmap

import torch

from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    StepDecoder,
)
from workers.pipeline.threads import side_by_side


@dataclass(frozen=True)
class Abreast(DecodingStrategy):
    """`strategy`, on as many threads as PyTorch may use in the caller's."""

    strategy: DecodingStrategy

    def decode(
        self,
        decoder: StepDecoder,
        memory: torch.Tensor,
        options: DecodingOptions,
        num: int,
        seeds: Sequence[int],
    ) -> list[list[DecodedSequence]]:
        """What `strategy` gives; a decoder whose steps need all threads at once gets them."""
        if not isinstance(decoder, CaptionDecoder) or not decoder.light:
            return self.strategy.decode(decoder, memory, options, num, seeds)
        count = min(torch.get_num_threads(), len(memory))
        edges = [len(memory) * number // count for number in range(count + 1)]
        parts = [
            partial(self.strategy.decode, decoder, memory[mine], options, num, seeds[mine])
            for mine in starmap(slice, pairwise(edges))
        ]
        return list(chain.from_iterable(side_by_side(parts)))
