"""What the benchmark varies: strategy, batch, number format, and whether encoders run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from workers.pipeline.errors import RequestError

# Beam width by the name on the command line; greedy decoding keeps one row an image.
WIDTHS = {"greedy": 1, "beam5": 5, "beam10": 10}
BATCHES = (1, 8, 32)
DTYPES = ("fp32", "int8")
LARGEST_BATCH = 1024


@dataclass(frozen=True)
class Case:
    """One line of the result.

    With `cached`, image tokens are given; without, both sides start from pixels.
    """

    strategy: str
    width: int
    batch: int
    dtype: str
    cached: bool


def cases(strategies: Sequence[str], batches: Sequence[int]) -> Iterator[Case]:
    """All combinations; raises `RequestError` for a strategy or batch that cannot be measured."""
    for name in strategies:
        if name not in WIDTHS:
            raise RequestError(f"Unknown strategy {name!r}: choose {', '.join(WIDTHS)}.")
    for batch in batches:
        if not 1 <= batch <= LARGEST_BATCH:
            raise RequestError(f"Asked for batches of {batch}: choose 1 to {LARGEST_BATCH}.")
    for dtype, name, batch, cached in product(DTYPES, strategies, batches, (True, False)):
        width = WIDTHS[name]
        yield Case("greedy" if width == 1 else "beam", width, batch, dtype, cached)
