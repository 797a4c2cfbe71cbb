"""What the site answers about photos, captions and jobs.

Values that the site may extend (states, strategies, languages) stay texts, so that a new one is
never an error.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Person:
    """Somebody with an account; subscriptions tell the name alone."""

    id: Any = None
    name: str = ""


@dataclass(frozen=True)
class Problem:
    """Why something failed."""

    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Votes:
    """What people think of a caption; ``mine`` is 1, -1 or None."""

    up: int = 0
    down: int = 0
    mine: int | None = None


@dataclass(frozen=True)
class Caption:
    """One text for one photo."""

    id: str
    image: str = ""
    text: str = ""
    confidence: float | None = None
    level: str = ""
    log_probability: float | None = None
    strategy: str = ""
    language: str = ""
    origin: str = ""
    rank: int = 0
    model: str | None = None
    votes: Votes = field(default_factory=Votes)
    created_at: datetime | None = None


@dataclass(frozen=True)
class Variant:
    """A copy of a photo in another size."""

    name: str = ""
    width: int = 0
    height: int = 0
    url: str = ""


@dataclass(frozen=True)
class Published:
    """The text of a photo that people agreed on, in one language."""

    language: str
    text: str = ""
    version: int = 0
    author: Person | None = None


@dataclass(frozen=True)
class Image:
    """One photo."""

    id: str
    title: str = ""
    url: str = ""
    owner: Person | None = None
    width: int = 0
    height: int = 0
    format: str = ""
    size: int = 0
    sha256: str = ""
    visibility: str = ""
    created_at: datetime | None = None
    variants: tuple[Variant, ...] = ()
    state: str = ""
    best_caption: Caption | None = None
    published: tuple[Published, ...] = ()
    captions: tuple[Caption, ...] = ()  # in updates of a photo alone


@dataclass(frozen=True)
class Found:
    """A photo that a search found; ``rank`` (0 to 1) says how well it matches."""

    image: Image
    rank: float = 0.0
    matched_text: str = ""


@dataclass(frozen=True)
class Job:
    """One request to caption a photo."""

    id: str
    image: str = ""
    state: str = ""
    strategy: str = ""
    language: str = ""
    num: int = 0
    error: Problem | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("done", "failed")


@dataclass(frozen=True)
class Captioned:
    """What ``caption`` returns: the photo, its jobs, and the captions there are."""

    image: Image
    jobs: tuple[Job, ...] = ()
    captions: tuple[Caption, ...] = ()
    cached: bool = False  # the site was out of reach: these are of an earlier call
    cached_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether every job is done or failed."""
        return all(job.ended for job in self.jobs)

    @property
    def best(self) -> Caption | None:
        """The most confident caption."""
        return max(self.captions, key=lambda caption: caption.confidence or 0.0, default=None)


@dataclass(frozen=True)
class FeedEvent:
    """What happened to a photo: "created", "updated" or "removed", which leaves no ``image``."""

    id: str
    kind: str = ""
    image: Image | None = None


@dataclass(frozen=True)
class CaptionUpdate:
    """What happened to a photo's captions: "current" (the first), "state", "votes", "hidden"
    or "text"; ``caption`` is the one concerned."""

    kind: str
    image: Image | None = None
    caption: Caption | None = None


@dataclass(frozen=True)
class BatchItem:
    """One photo of a batch; ``error`` says why it was not taken or not captioned."""

    position: int = 0
    name: str = ""
    image: str | None = None
    job: str | None = None
    state: str = ""
    error: Problem | None = None


@dataclass(frozen=True)
class Batch:
    """Photos sent together."""

    id: str
    state: str = ""
    total: int = 0
    done: int = 0
    failed: int = 0
    waiting: int = 0
    items: tuple[BatchItem, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.waiting == 0 and self.state != "running"


@dataclass(frozen=True)
class BatchReport:
    """How a batch went, photo by photo, in the order they were given."""

    batches: tuple[Batch, ...] = ()
    items: tuple[BatchItem, ...] = ()

    @property
    def done(self) -> tuple[BatchItem, ...]:
        """The photos that have captions."""
        return tuple(item for item in self.items if item.state == "done")

    @property
    def failed(self) -> tuple[BatchItem, ...]:
        """The photos that went wrong; the others are not affected."""
        return tuple(item for item in self.items if item.error or item.state == "failed")

    @property
    def waiting(self) -> tuple[BatchItem, ...]:
        """The photos that still wait or are at work."""
        ended = {*self.done, *self.failed}
        return tuple(item for item in self.items if item not in ended)
