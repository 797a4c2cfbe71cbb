"""Thin Celery envelopes: what to do is in workers.flow and in the services."""

from celery import shared_task

from capsite.common.outage import OUTAGES
from capsite.common.queues import DRAIN, SWEEP_FILES
from gallery.services.files import orphans_sweep
from workers.runtime import runtime, stopping


@shared_task(name=DRAIN, throws=OUTAGES)
def drain() -> int:
    """Caption everything that waits; a database outage is expected and beat tries again."""
    from workers.flow import drain as drain_jobs

    loaded = runtime()
    return drain_jobs(
        captioner=loaded.captioner, model=loaded.model, worker=loaded.worker, stopping=stopping
    )


@shared_task(name=SWEEP_FILES, throws=OUTAGES)
def sweep_files() -> int:
    """Remove files that belong to no photo."""
    return orphans_sweep()
