"""Shows a worker's figures, its versions and its GPU memory to Prometheus."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from workers.serving.loading import Loaded
from workers.serving.metrics import METRICS, WORDS

MODEL = "capsite_model_info"
GPU_MEMORY = "capsite_gpu_memory_bytes"


class WorkerFigures(Collector):
    """What METRICS counts, under the same names as in Redis; ``loaded`` is asked at each scrape."""

    def __init__(self) -> None:
        self.loaded: Callable[[], Sequence[Loaded]] = list

    def collect(self) -> Iterable[Metric]:
        """Return every series that there is so far."""
        figures = METRICS.snapshot()
        yield from _families(figures["counters"], CounterMetricFamily, _add_counter)
        yield from _families(figures["histograms"], HistogramMetricFamily, _add_histogram)
        yield from _models(self.loaded())
        yield from _gpu_memory()

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand."""
        return []


def _families(rows: list[dict[str, Any]], kind: Any, add: Any) -> Iterator[Metric]:
    """Return one family a name; all rows of a name have the same labels."""
    families: dict[str, Any] = {}
    for row in rows:
        name = row["name"]
        if name not in families:
            families[name] = kind(name, WORDS[name], labels=list(row["labels"]))
        add(families[name], list(row["labels"].values()), row)
    yield from families.values()


def _add_counter(family: CounterMetricFamily, labels: list[str], row: dict[str, Any]) -> None:
    family.add_metric(labels, row["value"])


def _add_histogram(family: HistogramMetricFamily, labels: list[str], row: dict[str, Any]) -> None:
    family.add_metric(labels, list(row["buckets"].items()), row["sum"])


def _models(loaded: Sequence[Loaded]) -> Iterator[Metric]:
    names = ["name", "revision", "device", "dtype", "languages"]
    family = GaugeMetricFamily(MODEL, "Versions in this worker's memory.", labels=names)
    for item in loaded:
        captioner, model = item.captioner, item.model
        languages = ",".join(captioner.languages)
        about = [model.name, model.revision, str(captioner.device), captioner.dtype, languages]
        family.add_metric(about, 1)
    yield family


def _gpu_memory() -> Iterator[Metric]:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        words = "GPU memory that this worker's tensors take."
        yield GaugeMetricFamily(GPU_MEMORY, words, value=torch.cuda.memory_allocated())


FIGURES = WorkerFigures()
REGISTRY.register(FIGURES)
