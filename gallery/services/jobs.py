"""The only writers of job rows: ask, claim, renew, finish, release, fail, sweep."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from capsite.common.errors import NotFound
from capsite.common.notices import JOB_FAILED, notice
from capsite.common.observing.trail import job_facts, request_id, step
from capsite.common.queues import wake_on_commit
from gallery.models import CaptionJob, Image
from gallery.models.job import ACTIVE, Language, State, Strategy
from gallery.services.events import image_changed_on_commit


class LeaseLost(Exception):
    """The job is no longer this worker's: its lease ran out and somebody else may have it."""


def job_ensure(
    *,
    image: Image,
    strategy: str,
    language: str,
    num: int,
    priority: int = 0,
    again: bool = False,
) -> CaptionJob:
    """Return the job that answers this request: a finished or active one, or a new one.

    With ``again`` a finished one does not count: a newer model may know more.
    Two callers at once get the same job: the database allows one active job a request.
    """
    asked = Q(image=image, strategy=strategy, language=language)
    states = ACTIVE if again else [State.DONE, *ACTIVE]
    good = Q(state__in=states, num__gte=num)
    existing = CaptionJob.objects.filter(asked & good).order_by("-created_at").first()
    if existing is not None:
        existing.image = image  # who has it need not ask for it again
        step("The same was asked before.", job=str(existing.pk), image=str(image.pk))
        return existing
    try:
        with transaction.atomic():
            job = CaptionJob.objects.create(
                image=image,
                strategy=strategy,
                language=language,
                num=num,
                priority=priority,
                request_id=request_id(),
            )
    except IntegrityError:
        # In whatever state: it may have ended since.
        quicker = CaptionJob.objects.filter(asked, num=num).order_by("-created_at").first()
        if quicker is None:  # the image was deleted meanwhile
            raise NotFound(_("This photo was removed meanwhile.")) from None
        return quicker
    _announce(job)
    return job


def _announce(job: CaptionJob) -> None:
    """Tell screens, workers and the log of a new job."""
    image_changed_on_commit(job.image, State.QUEUED)
    wake_on_commit()
    transaction.on_commit(partial(step, "A job waits.", **job_facts(job)))


def job_retry(image: Image) -> CaptionJob:
    """Queue a photo again as its last job asked; an active job is returned as it is."""
    last = image.latest_job
    return job_ensure(
        image=image,
        strategy=last.strategy if last else Strategy.BEAM,
        language=last.language if last else Language.ENGLISH,
        num=last.num if last else settings.CAPSITE_CAPTIONS_PER_PHOTO,
    )


def job_again(job: CaptionJob) -> CaptionJob:
    """Ask again for what a job asked; what is active or done already answers."""
    return job_ensure(image=job.image, strategy=job.strategy, language=job.language, num=job.num)


@transaction.atomic
def jobs_claim(*, worker: str, limit: int) -> list[CaptionJob]:
    """Lease up to ``limit`` waiting jobs to ``worker``, best first; others skip locked rows.

    A job that was tried before is claimed alone, so that a photo which kills its worker takes no
    neighbour with it again.
    """
    jobs = list(_claimable().select_for_update(of=("self",), skip_locked=True)[:limit])
    jobs = jobs[:1] if jobs and jobs[0].attempts else [job for job in jobs if not job.attempts]
    for job in jobs:
        job.state, job.worker, job.lease = State.CAPTIONING, worker, uuid.uuid4()
        job.lease_expires_at = _lease_end()
        job.attempts += 1
        job.started_at, job.run_after = Now(), None
        image_changed_on_commit(job.image, State.CAPTIONING)
    CaptionJob.objects.bulk_update(
        jobs,
        ["state", "worker", "lease", "lease_expires_at", "attempts", "started_at", "run_after"],
    )
    return jobs


def _lease_end() -> Combinable:
    """Return when a lease given now runs out, by the database's clock: workers' may differ."""
    return Now() + timedelta(seconds=settings.CAPSITE_LEASE_SECONDS)


def _claimable() -> QuerySet[CaptionJob]:
    ready = Q(run_after__isnull=True) | Q(run_after__lte=Now())
    waiting = CaptionJob.objects.filter(ready, state=State.QUEUED)
    return waiting.select_related("image").order_by("-priority", "created_at")


def leases_renew(jobs: Sequence[CaptionJob]) -> int:
    """Extend the leases that are still ours; return how many are."""
    leases = [job.lease for job in jobs]
    return CaptionJob.objects.filter(lease__in=leases).update(lease_expires_at=_lease_end())


def job_finish(job: CaptionJob, *, timings: dict[str, float]) -> None:
    """End a job well. Call inside the transaction that stores its captions; may raise LeaseLost."""
    _end(job, state=State.DONE, timings=timings, error_code="", error_message="")


@transaction.atomic
def job_fail(job: CaptionJob, *, code: str, message: str) -> None:
    """End a job for good, with the reason people will read. May raise LeaseLost."""
    _end(job, state=State.FAILED, error_code=code, error_message=message)
    image_changed_on_commit(job.image, State.FAILED, error={"code": code, "message": message})
    notice(JOB_FAILED, job=job, code=code, message=message)


def job_release(job: CaptionJob, *, code: str, message: str, counted: bool = True) -> None:
    """Give a job back after a passing failure; it fails for good when its attempts are used up.

    A failure that is not the job's own need not be ``counted``: the attempt is given back. That
    holds once in a row: a job that came back for the same reason before may be the cause.
    """
    free = not counted and job.error_code != code
    attempts = job.attempts - free
    if attempts >= settings.CAPSITE_JOB_ATTEMPTS:
        return job_fail(job, code=code, message=message)
    changes = {"attempts": attempts, "run_after": _back_off(attempts), **_reason(code, message)}
    _leave(job, state=State.QUEUED, **changes)
    return image_changed_on_commit(job.image, State.QUEUED)


def leases_sweep() -> int:
    """Return jobs whose worker is gone to the queue, or fail them; return how many there were."""
    swept = 0
    while _one_swept():
        swept += 1
    return swept


@transaction.atomic
def _one_swept() -> bool:
    """Release one job whose lease ran out; the row is locked, so nobody renews it meanwhile."""
    expired = CaptionJob.objects.filter(state=State.CAPTIONING, lease_expires_at__lt=Now())
    locked = expired.select_related("image").select_for_update(of=("self",), skip_locked=True)
    job = locked.order_by("lease_expires_at").first()
    if job is None:
        return False
    message = "The worker stopped several times while it captioned this photo."
    job_release(job, code="worker_lost", message=message)
    return True


def _end(job: CaptionJob, **changes: Any) -> None:
    _leave(job, finished_at=Now(), **changes)


def _leave(job: CaptionJob, **changes: Any) -> None:
    """Leave the captioning state, provided that the lease is still the one we took."""
    mine = CaptionJob.objects.filter(pk=job.pk, lease=job.lease, state=State.CAPTIONING)
    if not mine.update(lease=None, lease_expires_at=None, **changes):
        raise LeaseLost(str(job.pk))


def _reason(code: str, message: str) -> dict[str, str]:
    return {"error_code": code, "error_message": message}


def _back_off(attempts: int) -> Combinable:
    seconds = settings.CAPSITE_JOB_BACKOFF_SECONDS * 2 ** max(attempts - 1, 0)
    return Now() + timedelta(seconds=min(seconds, 300))


def jobs_waiting() -> int:
    """Return how many jobs wait or run."""
    return CaptionJob.objects.filter(state__in=ACTIVE).count()
