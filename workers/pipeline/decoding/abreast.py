"""A batch decoded side by side: each thread takes images of its own, all with one strategy.

Threads that share every operation wait for one another thousands of times a batch, which costs more
than it gains while the operations are small, and far more beside other busy processes. An image's
captions do not depend on its batch, so the parts give what the whole would.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import wait
from dataclasses import dataclass

import torch

from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.decoding.base import (
    DecodedSequence,
    DecodingOptions,
    DecodingStrategy,
    StepDecoder,
)
from workers.pipeline.threads import crew

Found = list[list[DecodedSequence]]


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
    ) -> Found:
        """What `strategy` gives; a decoder whose steps need all threads at once gets them."""
        if not isinstance(decoder, CaptionDecoder) or not decoder.light:
            return self.strategy.decode(decoder, memory, options, num, seeds)
        threads = torch.get_num_threads()
        count = min(threads, len(memory))
        inference = torch.is_inference_mode_enabled()

        def part(number: int) -> Found:
            mine = slice(*(len(memory) * edge // count for edge in (number, number + 1)))
            with torch.inference_mode(inference):
                return self.strategy.decode(decoder, memory[mine], options, num, seeds[mine])

        parts = [crew(threads).submit(part, number) for number in range(count)]
        wait(parts)  # all of them, so that none still works when an error is raised
        return [found for done in parts for found in done.result()]
