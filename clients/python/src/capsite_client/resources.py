"""What the site answers about texts, albums, webhooks, votes and itself."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from capsite_client.models import Caption, Person


@dataclass(frozen=True)
class Annotation:
    """The published text of a photo in one language; ``version`` is what an edit is based on."""

    id: str
    image: str = ""
    language: str = ""
    version: int = 0
    text: str = ""
    author: Person | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Revision:
    """One step in the history of a published text."""

    number: int
    text: str = ""
    author: Person | None = None
    kind: str = ""
    caption: str | None = None
    reverted_to: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Vote:
    """A vote of your own, with its caption."""

    value: int
    caption: Caption
    harmful: bool = False
    reason: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Album:
    """Photos that somebody put together."""

    id: str
    title: str = ""
    description: str = ""
    visibility: str = ""
    owner: Person | None = None
    image_count: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class WebhookEndpoint:
    """An address that the site calls; ``secret`` comes only when it is made or changed."""

    id: str
    name: str = ""
    url: str = ""
    events: tuple[str, ...] = ()
    format: str = ""
    active: bool = True
    failures: int = 0
    failing_since: datetime | None = None
    disabled_until: datetime | None = None
    created_at: datetime | None = None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class WebhookDelivery:
    """One message to an endpoint, and how it went."""

    id: str
    event: str = ""
    event_id: str = ""
    state: str = ""
    attempts: int = 0
    next_at: datetime | None = None
    response_status: int | None = None
    response_excerpt: str = ""
    error: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True)
class ModelVersion:
    """A version of the captioner."""

    name: str
    revision: str = ""
    languages: tuple[str, ...] = ()
    roles: tuple[dict[str, Any], ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
    registered_at: datetime | None = None


@dataclass(frozen=True)
class HeatmapWord:
    """Where the captioner looked for one word: ``grid`` holds rows from top to bottom."""

    text: str = ""
    start: int = 0
    end: int = 0
    grid: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Heatmap:
    """The word maps of a caption; ``state`` is "waiting" while they are worked out."""

    caption: str = ""
    method: str = ""
    state: str = ""
    model: str | None = None
    box: tuple[float, ...] = ()
    words: tuple[HeatmapWord, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A language or a strategy that the site offers.

    ``model`` is the version that writes a language, None where it is translated.
    """

    code: str
    name: str = ""
    model: str | None = None


@dataclass(frozen=True)
class Me:
    """Who a token speaks for, and what it may do."""

    id: Any
    name: str = ""
    role: str = ""
    scopes: tuple[str, ...] = ()
    signed_in_by: str = ""
    client: str = ""
    expires_at: datetime | None = None
