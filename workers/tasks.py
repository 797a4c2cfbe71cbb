"""Thin Celery envelopes: what to do is in workers.flow and in the services."""

from celery import shared_task
from django.core.management import call_command

from annotations.demo import demo_continue
from capsite.common.outage import OUTAGES
from capsite.common.queues import DRAIN, HEATMAPS, SWEEP_FILES, SWEEP_SESSIONS
from gallery.services.files import orphans_sweep
from workers.runtime import recycle, runtime, stopping


@shared_task(name=DRAIN, throws=OUTAGES)
def drain() -> int:
    """Caption everything that waits; a database outage is expected and beat tries again."""
    from workers.flow import drain as drain_jobs

    loaded = runtime()
    worked = drain_jobs(
        pool=loaded.pool,
        worker=loaded.worker,
        recycle=recycle,
        warmer=loaded.warmer,
        stopping=stopping,
        between=heatmaps,
    )
    demo_continue()
    return worked


@shared_task(name=HEATMAPS, throws=OUTAGES)
def heatmaps() -> int:
    """Work out the word heat maps that people asked for; who still waits asks again."""
    from workers.heatmaps import drain_heatmaps
    from workers.serving.pool import NoCaptioner

    try:
        return drain_heatmaps(runtime().captioners, stopping)
    except NoCaptioner:
        return 0  # those who ask see that nothing comes; the jobs' log says why


@shared_task(name=SWEEP_FILES, throws=OUTAGES)
def sweep_files() -> int:
    """Remove files that belong to no photo."""
    return orphans_sweep()


@shared_task(name=SWEEP_SESSIONS, throws=OUTAGES)
def sweep_sessions() -> None:
    """Remove sessions and OAuth tokens that have run out."""
    call_command("clearsessions")
    call_command("oidc_cleartokens")
