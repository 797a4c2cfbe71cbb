"""What the site answers about what was captioned, voted and edited over time."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class CaptionsOfStep:
    """Captions that were written; ``strategy`` is empty where a person wrote them."""

    step: date
    language: str = ""
    strategy: str = ""
    captions: int = 0


@dataclass(frozen=True)
class VotesOfStep:
    """Votes that captions got."""

    step: date
    up: int = 0
    down: int = 0


@dataclass(frozen=True)
class EditsOfStep:
    """Versions of published texts that were made: "written", "promoted" or "reverted"."""

    step: date
    kind: str = ""
    edits: int = 0


@dataclass(frozen=True)
class ConfidenceTenth:
    """Votes on captions that were about as sure as one another."""

    confidence_from: float
    confidence_to: float
    mean_confidence: float | None = None
    up: int = 0
    down: int = 0


@dataclass(frozen=True)
class VersionFigures:
    """What a version of the captioner wrote, and what people think of it."""

    model: str
    captions: int = 0
    mean_confidence: float | None = None
    up: int = 0
    down: int = 0


@dataclass(frozen=True)
class Statistics:
    """The figures of the dashboard; steps are days, weeks or months, as ``unit`` says.

    Steps without figures are left out; ``step`` is the first day of one.
    """

    of: str
    since: date
    until: date
    unit: str = ""
    refreshed_at: datetime | None = None
    captions: tuple[CaptionsOfStep, ...] = ()
    votes: tuple[VotesOfStep, ...] = ()
    edits: tuple[EditsOfStep, ...] = ()
    confidence: tuple[ConfidenceTenth, ...] = ()
    versions: tuple[VersionFigures, ...] = ()
    calibration_gap: float | None = None
