"""What webhooks may hear of (being written by helper HOOKS; this is its contract)."""

from enum import StrEnum
from typing import Any

from gallery.models import Image


class Event(StrEnum):
    """The events an endpoint may choose."""

    CAPTION_READY = "caption.ready"
    CAPTION_FAILED = "caption.failed"
    CASE_OPENED = "moderation.case_opened"
    CASE_DECIDED = "moderation.case_decided"
    FEEDBACK = "feedback.created"
    RATE_LIMITED = "rate_limit.violated"
    PING = "ping"


def event_emit(event: Event, *, image: Image | None = None, data: dict[str, Any]) -> None:
    """Write a delivery for every endpoint concerned."""
