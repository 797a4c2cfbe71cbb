"""How many jobs wait and for how long, for Prometheus and whoever else wants two numbers."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.db.models.functions import Extract, Now

from gallery.models import CaptionJob
from gallery.models.job import ACTIVE, State


@dataclass(frozen=True)
class Queue:
    """The jobs that have not ended, at this moment."""

    queued: int
    captioning: int
    oldest_seconds: float
    leases_expired: int  # by workers that are gone; the next drain gives these jobs back


def queue_figures() -> Queue:
    """Count in one query, by the database's clock."""
    waits = Q(state=State.QUEUED)
    counts = CaptionJob.objects.filter(state__in=ACTIVE).aggregate(
        queued=Count("pk", filter=waits),
        captioning=Count("pk", filter=Q(state=State.CAPTIONING)),
        leases_expired=Count("pk", filter=Q(lease_expires_at__lt=Now())),
        oldest_seconds=Extract(Now() - Min("created_at", filter=waits), "epoch"),
    )
    return Queue(**counts | {"oldest_seconds": float(counts["oldest_seconds"] or 0)})
