"""The worker's whole story: claim a batch, caption it, store what came of it."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from capsite.common.outage import OUTAGES
from captions.models import CaptionModel
from captions.services import captions_store
from gallery.models import CaptionJob
from gallery.services.jobs import LeaseLost, job_fail, job_release, jobs_claim, leases_sweep
from workers.leases import LeaseKeeper
from workers.pipeline.contract import CaptionOutcome, CaptionRequest
from workers.pipeline.errors import InferenceError, PipelineError

if TYPE_CHECKING:
    from workers.pipeline.captioner import Captioner

logger = logging.getLogger(__name__)

# Two minutes: as long as a PostgreSQL may need to recover from a crash.
STORE_TRIES = 240
STORE_PAUSE_SECONDS = 0.5


def drain(
    *,
    captioner: "Captioner",
    model: CaptionModel,
    worker: str,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Caption everything that waits, a batch at a time; return how many jobs were worked on.

    Ends early, between two batches, once ``stopping`` says so.
    """
    worked = 0
    while not stopping():
        leases_sweep()
        jobs = jobs_claim(worker=worker, limit=settings.CAPSITE_BATCH)
        if not jobs:
            break
        batch_caption(jobs, captioner=captioner, model=model)
        worked += len(jobs)
    return worked


def batch_caption(jobs: list[CaptionJob], *, captioner: "Captioner", model: CaptionModel) -> None:
    """Caption one claimed batch while its leases are kept, and store each job's outcome."""
    began = time.monotonic()
    with LeaseKeeper(jobs):
        requests = {job.pk: _request_of(job) for job in jobs}
        good = [request for request in requests.values() if isinstance(request, CaptionRequest)]
        made = iter(_infer(captioner, good))
        for job in jobs:
            request = requests[job.pk]
            outcome = next(made) if isinstance(request, CaptionRequest) else request
            _patiently(job, partial(_store, job, outcome, model), otherwise=partial(_refused, job))
    seconds = time.monotonic() - began
    logger.info("Captioned %d of %d photos in %.2f s", len(good), len(jobs), seconds)


def _request_of(job: CaptionJob) -> CaptionRequest | CaptionOutcome:
    """Return the captioner's request, or the outcome of a job that has none; spoils no other."""
    try:
        with default_storage.open(job.image.original) as file:
            photo = file.read()
        return CaptionRequest(
            photo=photo,
            strategy=job.strategy,  # type: ignore[arg-type]
            num=job.num,
            language=job.language,  # type: ignore[arg-type]
            seed=job.seed,
        )
    except FileNotFoundError:
        message = "The file of this photo is missing."
        return CaptionOutcome(error=PipelineError("photo_missing", message))
    except OSError as error:
        message = f"The file of this photo cannot be read now: {error.strerror}."
        return CaptionOutcome(error=PipelineError("storage_away", message, retryable=True))
    except PipelineError as error:
        return CaptionOutcome(error=error)


def _infer(captioner: "Captioner", requests: list[CaptionRequest]) -> list[CaptionOutcome]:
    """Run the captioner; whatever it throws becomes an outcome, so that no job is lost."""
    try:
        return captioner.caption(requests) if requests else []
    except PipelineError as error:
        failure = error
    except Exception as error:
        logger.exception("The captioner failed on a batch of %d", len(requests))
        failure = InferenceError(f"The captioner failed: {type(error).__name__}.")
    return [CaptionOutcome(error=failure) for _request in requests]


def _store(job: CaptionJob, outcome: CaptionOutcome, model: CaptionModel) -> None:
    error = outcome.error
    if error is None:
        captions_store(job=job, model=model, candidates=outcome.captions, timings=outcome.timings)
    elif error.retryable:
        job_release(job, code=error.code, message=error.message)
    else:
        job_fail(job, code=error.code, message=error.message)


def _refused(job: CaptionJob) -> None:
    message = "The captions of this photo could not be stored."
    job_release(job, code="store_failed", message=message)


def _patiently(
    job: CaptionJob, write: Callable[[], None], otherwise: Callable[[], None] | None = None
) -> None:
    """Write an outcome, waiting out a database outage rather than losing the work.

    A commit whose answer was lost shows as LeaseLost on the next try: the row has moved on. What
    the database refuses for another reason is this job's trouble alone: ``otherwise`` is written
    instead, and when that is refused too, the job comes back once its lease runs out.
    """
    for left in reversed(range(STORE_TRIES)):
        try:
            return write()
        except LeaseLost as lost:
            return logger.warning("Job %s is no longer ours; its outcome is dropped", lost)
        except OUTAGES:
            connection.close()
            if not left:
                raise
            time.sleep(STORE_PAUSE_SECONDS)
        except Exception:
            logger.exception("The outcome of job %s could not be stored", job.pk)
            return _patiently(job, otherwise) if otherwise else None
    return None
