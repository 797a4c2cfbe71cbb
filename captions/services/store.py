"""Writes captions, together with the end of their job."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db import transaction

from captions.models import Caption, CaptionModel, Origin
from captions.services.hiding import hidden_again
from captions.webhooks.events import Event, event_emit
from gallery.models import CaptionJob
from gallery.models.job import State
from gallery.services.events import image_changed_on_commit
from gallery.services.jobs import job_finish


class Candidate(Protocol):
    """What a captioner hands over for one caption."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def rank(self) -> int: ...  # noqa: D102
    @property
    def log_probability(self) -> float: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def strategy(self) -> str: ...  # noqa: D102
    @property
    def language(self) -> str: ...  # noqa: D102


@transaction.atomic
def captions_store(
    *,
    job: CaptionJob,
    model: CaptionModel,
    candidates: Sequence[Candidate],
    timings: Mapping[str, float],
) -> list[Caption]:
    """Store a job's captions and finish it, in one transaction, exactly once.

    Raises LeaseLost, and stores nothing, when the job is no longer this worker's.
    """
    job_finish(job, timings=dict(timings))
    captions = [_caption_from(candidate, job, model) for candidate in candidates]
    hidden_again(captions)
    captions = Caption.objects.bulk_create(captions)
    messages = [caption.as_message() for caption in captions if caption.hidden_at is None]
    image_changed_on_commit(job.image, State.DONE, captions=messages, language=job.language)
    event_emit(Event.CAPTION_READY, image=job.image, data=_facts(job, messages))
    return captions


def _facts(job: CaptionJob, captions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what webhooks tell of a finished job."""
    asked = {"strategy": job.strategy, "language": job.language}
    return {"job": str(job.pk), **asked, "captions": captions}


def _caption_from(candidate: Candidate, job: CaptionJob, model: CaptionModel) -> Caption:
    return Caption(
        image=job.image,
        job=job,
        model=model,
        origin=Origin.MODEL,
        text=candidate.text,
        language=candidate.language,
        strategy=candidate.strategy,
        rank=candidate.rank,
        log_probability=candidate.log_probability,
        confidence=candidate.confidence,
    )
