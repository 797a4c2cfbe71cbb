"""The site's own series: what lies in the database, in Redis and on the disk when Prometheus asks.

Every web process answers the same here, so rules take the ``max`` of these and never a sum.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from capsite.common.outage import OUTAGES
from capsite.common.workermetrics import worker_metrics
from capsite.common.workerstate import last_inference, worker_state
from captions.observing.drift import TENTHS, drifts
from gallery.queuefigures import queue_figures

logger = logging.getLogger(__name__)

Part = Callable[[], Iterator[Metric]]


class Site(Collector):
    """Everything that is true of the site rather than of one process."""

    def collect(self) -> Iterable[Metric]:
        """Ask the parts one by one: without a database the others still answer."""
        parts: list[Part] = [_queue, _drift]
        away = False
        for part in parts:
            try:
                yield from list(part())
            except OUTAGES as error:
                logger.warning("No figures from the database: %s", error)
                away = True
                break
        yield _gauge("capsite_database_up", "Whether the database answered.", not away)
        yield from _workers()
        yield from _storage()


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=float(value))


def _queue() -> Iterator[Metric]:
    queue = queue_figures()
    jobs = GaugeMetricFamily("capsite_queue_jobs", "Jobs that have not ended.", labels=["state"])
    jobs.add_metric(["queued"], queue.queued)
    jobs.add_metric(["captioning"], queue.captioning)
    yield jobs
    words = "Age of the oldest job that waits; 0 when none does."
    yield _gauge("capsite_queue_oldest_seconds", words, queue.oldest_seconds)
    words = "Jobs of workers that are gone, before somebody takes them over."
    yield _gauge("capsite_leases_expired", words, queue.leases_expired)


def _drift() -> Iterator[Metric]:
    version = ["model", "language"]
    index = GaugeMetricFamily(
        "capsite_confidence_drift",
        "Population stability index of the last day's confidence against the weeks before.",
        labels=version,
    )
    captions = GaugeMetricFamily(
        "capsite_confidence_captions",
        "Best captions of the last day by tenth of confidence.",
        labels=[*version, "tenth"],
    )
    for drift in drifts():
        if drift.index is not None:
            index.add_metric([drift.model, drift.language], drift.index)
        for tenth in range(TENTHS):
            captions.add_metric([drift.model, drift.language, str(tenth)], drift.recent[tenth])
    yield from (index, captions)


def _workers() -> Iterator[Metric]:
    words = "Whether a worker takes jobs."
    yield _gauge("capsite_worker_ready", words, worker_state() == "ready")
    yield _gauge("capsite_workers", "Workers that live.", len(worker_metrics()))
    words = "Whether a worker captioned a picture within the last minute."
    yield _gauge("capsite_worker_inference_fresh", words, last_inference() is not None)


def _storage() -> Iterator[Metric]:
    if settings.CAPSITE_S3_BUCKET:  # which says nothing of its size
        return
    try:
        usage = shutil.disk_usage(Path(settings.MEDIA_ROOT))
    except OSError:  # nobody has uploaded yet
        return
    yield _gauge("capsite_storage_free_bytes", "Room left where the photos lie.", usage.free)
    yield _gauge("capsite_storage_size_bytes", "Size of the disk with the photos.", usage.total)
