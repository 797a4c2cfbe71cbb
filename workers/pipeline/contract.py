"""What goes into the captioner and what comes out of it: plain frozen values, no tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workers.pipeline.errors import PipelineError, RequestError

Strategy = Literal["beam", "nucleus", "greedy"]
Language = Literal["en", "tr"]

STRATEGIES: tuple[str, ...] = ("beam", "nucleus", "greedy")
LANGUAGES: tuple[str, ...] = ("en", "tr")
MAX_CAPTIONS = 10
SEEDS = range(2**63)


@dataclass(frozen=True)
class CaptionRequest:
    """One photo to caption: its encoded bytes, how to decode, and how many captions to return.

    `num` is 1 to 10 (greedy always gives exactly one); `seed` only matters for nucleus sampling,
    where the same seed gives the same captions whoever else is in the batch. Raises `RequestError`
    when a value is out of range.
    """

    photo: bytes
    strategy: Strategy = "beam"
    num: int = 3
    language: Language = "en"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise RequestError(
                f"Unknown strategy {self.strategy!r}: choose {', '.join(STRATEGIES)}."
            )
        if self.language not in LANGUAGES:
            raise RequestError(
                f"Unknown language {self.language!r}: choose {', '.join(LANGUAGES)}."
            )
        if not 1 <= self.num <= MAX_CAPTIONS:
            raise RequestError(f"Asked for {self.num} captions: choose 1 to {MAX_CAPTIONS}.")
        if self.seed not in SEEDS:
            raise RequestError("A seed is a whole number from 0 to 2 ** 63 - 1.")


@dataclass(frozen=True)
class CandidateCaption:
    """One caption of a photo.

    `rank` counts from 0, best first. `log_probability` is the mean over the caption's tokens
    (natural logarithm, at most 0); `confidence` is the calibrated value in [0, 1] that
    `workers.pipeline.scoring` documents.
    """

    text: str
    rank: int
    log_probability: float
    confidence: float
    strategy: str
    language: str


@dataclass(frozen=True)
class CaptionOutcome:
    """What became of one request: captions, or the error that stopped this photo alone.

    `timings` holds seconds of the whole batch by stage: `cache`, `pre`, `encode`, `decode`, `post`.
    """

    captions: tuple[CandidateCaption, ...] = ()
    error: PipelineError | None = None
    timings: dict[str, float] = field(default_factory=dict)
