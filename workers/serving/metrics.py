"""Counters and histograms of this worker process, in the shape that Prometheus scrapes."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

# Upper bounds, the last one being infinity.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

STAGE_SECONDS = "capsite_caption_stage_seconds"
BATCH_SIZE = "capsite_caption_batch_size"
CONFIDENCE = "capsite_caption_confidence"
PROOF_SECONDS = "capsite_proof_seconds"
BOUNDS = {
    STAGE_SECONDS: SECONDS,
    BATCH_SIZE: SIZES,
    CONFIDENCE: TENTHS,
    PROOF_SECONDS: SECONDS,
}

# What `Captioner.counters` calls them, and what they are called outside.
CAPTIONER_COUNTERS = {
    "cache_hits": "capsite_feature_cache_hits_total",
    "cache_misses": "capsite_feature_cache_misses_total",
    "oom_retries": "capsite_oom_retries_total",
}
MODEL_LOADS = "capsite_model_loads_total"
MODEL_FAILURES = "capsite_model_failures_total"
PROOF_FAILURES = "capsite_proof_failures_total"
JOBS = "capsite_caption_jobs_total"
LEASE_EXPIRIES = "capsite_lease_expiries_total"
# What each series says, to whoever scrapes this worker.
WORDS = {
    STAGE_SECONDS: "Seconds that a batch spent in one stage.",
    BATCH_SIZE: "Photos captioned together.",
    CONFIDENCE: "Confidence of each photo's best caption.",
    PROOF_SECONDS: "Seconds that the tiny picture of an idle worker took.",
    "capsite_feature_cache_hits_total": "Photos that the feature cache spared the encoders.",
    "capsite_feature_cache_misses_total": "Photos that were not in the feature cache.",
    "capsite_oom_retries_total": "Batches that were halved because memory ran out.",
    MODEL_LOADS: "Versions that were loaded.",
    MODEL_FAILURES: "Versions that could not be loaded.",
    PROOF_FAILURES: "Tiny pictures that an idle worker could not caption.",
    JOBS: "Jobs by outcome: done, or the code of the error.",
    LEASE_EXPIRIES: "Jobs taken back from workers that were gone.",
}

Labels = tuple[tuple[str, str], ...]
Series = tuple[str, Labels]


class Histogram:
    """How many values fell under each bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def as_dict(self) -> dict[str, Any]:
        """Return cumulative counts by upper bound, the last one ``+Inf``, with sum and count."""
        total, buckets = 0, {}
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            buckets[bound] = total
        return {"buckets": buckets, "sum": self.sum, "count": total}


class Metrics:
    """All series of one process; one thread writes while another publishes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[Series, float] = defaultdict(float)
        self._histograms: dict[Series, Histogram] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[_series(name, labels)] += amount

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add one value to a histogram of BOUNDS."""
        with self._lock:
            series = _series(name, labels)
            histogram = self._histograms.setdefault(series, Histogram(BOUNDS[name]))
            histogram.observe(value)

    def batch(self, size: int, timings: Mapping[str, float]) -> None:
        """Note a batch: its size, and the seconds of each stage."""
        self.observe(BATCH_SIZE, size)
        for stage, seconds in timings.items():
            self.observe(STAGE_SECONDS, seconds, stage=stage)

    def take(self, counters: dict[str, int]) -> None:
        """Move a captioner's own counts here, leaving it none."""
        for name, amount in list(counters.items()):
            self.count(CAPTIONER_COUNTERS[name], amount)
            del counters[name]

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """Return everything as JSON would have it."""
        with self._lock:
            counters = [_named(series) | {"value": v} for series, v in self._counters.items()]
            histograms = [_named(s) | h.as_dict() for s, h in self._histograms.items()]
        return {"counters": counters, "histograms": histograms}


def _series(name: str, labels: Mapping[str, str]) -> Series:
    return name, tuple(sorted(labels.items()))


def _named(series: Series) -> dict[str, Any]:
    name, labels = series
    return {"name": name, "labels": dict(labels)}


METRICS = Metrics()
