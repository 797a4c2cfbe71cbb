"""Turns notices from below, which cannot know webhooks, into events."""

from typing import Any

from capsite.common.notices import JOB_FAILED, notice_subscribe
from captions.webhooks.events import Event, event_emit
from gallery.models import CaptionJob


def subscribe() -> None:
    """Listen to failed jobs and to those who ask too often; called once at the start."""
    notice_subscribe(JOB_FAILED, _job_failed)
    notice_subscribe(Event.RATE_LIMITED.value, _rate_limited)


def _job_failed(*, job: CaptionJob, code: str, message: str) -> None:
    facts = {
        "job": str(job.pk),
        "strategy": job.strategy,
        "language": job.language,
        "code": code,
        "message": message,
    }
    event_emit(Event.CAPTION_FAILED, image=job.image, data=facts)


def _rate_limited(**facts: Any) -> None:
    event_emit(Event.RATE_LIMITED, data=facts)
