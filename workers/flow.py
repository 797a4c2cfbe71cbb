"""The worker's whole story: claim a batch, caption it, store what came of it."""

import logging
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from capsite.common.observing.spans import span
from capsite.common.observing.trail import about_job, step
from capsite.common.outage import OUTAGES
from captions.models import CaptionModel
from captions.services import captions_store
from gallery.models import CaptionJob
from gallery.services.jobs import LeaseLost, job_fail, job_release, jobs_claim, leases_sweep
from workers.leases import LeaseKeeper
from workers.pipeline.contract import CaptionOutcome, CaptionRequest
from workers.pipeline.errors import InferenceError, OutOfMemory, PipelineError
from workers.pipeline.faults import DeviceLost, fault_of
from workers.serving.loading import Loaded, Writer
from workers.serving.metrics import CONFIDENCE, JOBS, LEASE_EXPIRIES, METRICS, STAGE_SECONDS
from workers.serving.pool import NoCaptioner, Pool
from workers.serving.proof import PROOF
from workers.serving.warming import Warmer

logger = logging.getLogger(__name__)

# Two minutes: as long as a PostgreSQL may need to recover from a crash.
STORE_TRIES = 240
STORE_PAUSE_SECONDS = 0.5
# After these only a new process helps: the device, or the memory, is used up.
FATAL = (OutOfMemory, DeviceLost)

Recycle = Callable[[PipelineError], None]


def drain(
    *,
    pool: Pool,
    worker: str,
    recycle: Recycle,
    warmer: Warmer | None = None,
    stopping: Callable[[], bool] = lambda: False,
    between: Callable[[], object] = lambda: None,
) -> int:
    """Caption everything that waits, a batch at a time; return how many jobs were worked on.

    Ends early, between two batches, once ``stopping`` says so or after an error that only a new
    process mends, of which ``recycle`` is told. Without jobs ``warmer`` and ``pool`` have the time;
    ``between`` is called after every batch, for those whom a long queue must not starve.
    """
    worked = 0
    while not stopping():
        METRICS.count(LEASE_EXPIRIES, leases_sweep())
        if not pool.able():
            break
        jobs = jobs_claim(worker=worker, limit=settings.CAPSITE_BATCH)
        fatal = batch_caption(jobs, pool=pool) if jobs else None
        worked += len(jobs)
        if not jobs:
            fatal, more = _idle(pool, warmer)
            if not (fatal or more):
                break
        if fatal:
            recycle(fatal)
            break
        if jobs:
            between()
    return worked


def _idle(pool: Pool, warmer: Warmer | None) -> tuple[PipelineError | None, bool]:
    """Use a moment without jobs; return what is fatal, and whether there is more to do."""
    try:
        if warmer is not None and warmer.step():
            return None, True
        pool.rest()
    except DeviceLost as lost:
        return lost, False
    return None, False


def batch_caption(jobs: list[CaptionJob], *, pool: Pool) -> PipelineError | None:
    """Caption one claimed batch while its leases are kept, and store each job's outcome.

    Returns the error after which this process should take no further job, if there was one.
    """
    began = time.monotonic()
    errors: list[PipelineError | None] = []
    with LeaseKeeper(jobs), span("caption batch", **_ids(jobs)):
        try:
            groups = pool.assign(jobs)
        except NoCaptioner as error:
            for job in jobs:
                _end(job, CaptionOutcome(error=error), None)
            return None
        for loaded, members in groups:
            # A broken device would only fail the other versions too.
            lost = next((error for error in errors if isinstance(error, DeviceLost)), None)
            errors += _group_caption(loaded, members, lost)
    seconds, good = time.monotonic() - began, errors.count(None)
    versions = ", ".join(str(loaded.model) for loaded, _members in groups)
    logger.info("Captioned %d of %d photos in %.2f s, %s", good, len(jobs), seconds, versions)
    return next((error for error in errors if isinstance(error, FATAL)), None)


def _group_caption(
    loaded: Loaded, jobs: list[CaptionJob], lost: DeviceLost | None
) -> list[PipelineError | None]:
    """Caption and store the jobs of one version, or give them back when the device is ``lost``.

    Returns what went wrong with each.
    """
    requests = {job.pk: _request_of(job) for job in jobs}
    asked_at = time.monotonic()
    good = [request for request in requests.values() if isinstance(request, CaptionRequest)]
    made = _failed(good, lost) if lost else _infer(loaded.writer, good)
    if made:
        METRICS.batch(len(made), made[0].timings)
        METRICS.take(loaded.captioner.counters)
        if any(outcome.error is None for outcome in made):
            PROOF.note(loaded, time.monotonic() - asked_at)
    began, waiting = time.monotonic(), iter(made)
    errors = []
    for job in jobs:
        request = requests[job.pk]
        outcome = next(waiting) if isinstance(request, CaptionRequest) else request
        _end(job, outcome, loaded.model)
        errors.append(outcome.error)
    METRICS.observe(STAGE_SECONDS, time.monotonic() - began, stage="store")
    return errors


def _ids(jobs: list[CaptionJob]) -> dict[str, list[str]]:
    """Return what leads from a batch's span to its uploads."""
    asked = {job.request_id for job in jobs if job.request_id}
    return {"capsite.jobs": [str(job.pk) for job in jobs], "capsite.requests": sorted(asked)}


def _request_of(job: CaptionJob) -> CaptionRequest | CaptionOutcome:
    """Return the captioner's request, or the outcome of a job that has none; spoils no other."""
    with about_job(job):
        step("A worker has the job.", worker=job.worker, attempt=job.attempts)
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


def _infer(writer: Writer, requests: list[CaptionRequest]) -> list[CaptionOutcome]:
    """Run the captioner; whatever it throws becomes an outcome, so that no job is lost."""
    try:
        return writer.caption(requests) if requests else []
    except PipelineError as error:
        failure = error
    except Exception as error:
        logger.exception("The captioner failed on a batch of %d", len(requests))
        failure = fault_of(error)
        if not isinstance(failure, FATAL):
            failure = InferenceError(f"The captioner failed: {type(error).__name__}.")
    return _failed(requests, failure)


def _failed(requests: list[CaptionRequest], error: PipelineError) -> list[CaptionOutcome]:
    return [CaptionOutcome(error=error) for _request in requests]


def _end(job: CaptionJob, outcome: CaptionOutcome, model: CaptionModel | None) -> None:
    ended = outcome.error.code if outcome.error else "done"
    with about_job(job):
        _patiently(job, partial(_store, job, outcome, model), otherwise=partial(_refused, job))
        step("The job has its outcome.", outcome=ended, model=str(model or ""))
    METRICS.count(JOBS, outcome=ended)
    for caption in outcome.captions[:1]:
        METRICS.observe(CONFIDENCE, caption.confidence, language=caption.language)


def _store(job: CaptionJob, outcome: CaptionOutcome, model: CaptionModel | None) -> None:
    error = outcome.error
    if error is None and model is not None:
        captions_store(job=job, model=model, candidates=outcome.captions, timings=outcome.timings)
    elif error is not None and error.retryable:
        # The device or the model broke under the whole batch: the jobs need not pay for it.
        counted = not isinstance(error, (DeviceLost, NoCaptioner))
        job_release(job, code=error.code, message=error.message, counted=counted)
    elif error is not None:
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
