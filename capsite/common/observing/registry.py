"""The figures of this process, as the page at /metrics shows them."""

from collections.abc import Iterable

from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

BUILD = "capsite_build_info"


class Build(Collector):
    """Which capsite runs."""

    def collect(self) -> Iterable[Metric]:
        """Return one series whose labels say it."""
        about = {"version": settings.VERSION, "revision": settings.CAPSITE_REVISION}
        family = GaugeMetricFamily(BUILD, "Which capsite runs.", labels=list(about))
        family.add_metric(list(about.values()), 1)
        yield family


def process_registry() -> CollectorRegistry:
    """Return what one scrape of this process shows."""
    registry = CollectorRegistry()
    if settings.CAPSITE_METRICS_SHARED:
        MultiProcessCollector(registry, path=settings.CAPSITE_METRICS_SHARED)
    else:
        registry.register(_Own())
    registry.register(Build())
    return registry


def exposition(*more: Collector) -> bytes:
    """Return the figures of this process, or of all that share its socket, and those of ``more``.

    Processes that share a socket each keep a file in one folder, and any of them adds all up:
    whom a scrape reaches is chance, and nothing may be counted twice.
    """
    registry = process_registry()
    for collector in more:
        registry.register(collector)
    return generate_latest(registry)


class _Own(Collector):
    """What the process's own registry holds."""

    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()

    def describe(self) -> Iterable[Metric]:
        return []
