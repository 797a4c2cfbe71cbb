"""Asks for captions, a job for each strategy, and tells how far they are."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from captions.api.shared.bodies import written
from captions.api.v2.serializers.jobs import JobSerializer
from captions.api.v2.shown import captions_shown, image_shown
from captions.models import Caption
from captions.selectors import captions_of_jobs
from gallery.models import CaptionJob, Image
from gallery.models.job import ACTIVE, State
from gallery.services.uploads import captions_ask


def jobs_ask(
    image: Image, strategies: Iterable[str], language: str, num: int | None
) -> list[CaptionJob]:
    """Return the jobs that caption ``image`` by each of ``strategies``."""
    return [
        captions_ask(image=image, language=language, strategy=strategy, num=num)
        for strategy in strategies
    ]


def asked_answer(
    request: Request, jobs: Sequence[CaptionJob], num: int | None, *, image_id: UUID
) -> Response:
    """Return photo, jobs and captions: 200 when every job has ended, else 202."""
    found = [job for job in jobs if job.state == State.DONE]
    body: dict[str, Any] = {
        "image": image_shown(request, image_id),
        "jobs": [written(JobSerializer, job) for job in jobs],
        "captions": captions_shown(request, _first(captions_of_jobs(found), num)),
    }
    return Response(body, status=status_of(jobs))


def status_of(jobs: Iterable[CaptionJob]) -> int:
    """Return 202 while a job waits or is at work, else 200."""
    return 202 if any(job.state in ACTIVE for job in jobs) else 200


def _first(captions: Iterable[Caption], num: int | None) -> list[Caption]:
    """Return at most ``num`` captions of each job."""
    return [caption for caption in captions if num is None or caption.rank < num]
