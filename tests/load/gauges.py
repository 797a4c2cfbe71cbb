"""What a running site holds: memory, open files, connections to PostgreSQL and Valkey."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from redis import Redis

from capsite.embedded import redis_url
from tests.flows.site import Site

PROCESSES = ("web", "worker", "courier", "beat")
CLIENTS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
MEGABYTE = 2**20


@dataclass(frozen=True)
class Sample:
    """One look at the site; ``figures`` are megabytes and numbers by name."""

    at: float
    figures: dict[str, float]


def look(site: Site, at: float) -> Sample:
    """Return memory (MB resident) and open files of each process, and the servers' clients."""
    figures: dict[str, float] = {}
    for name, state in site.status().items():
        if name.rstrip("0123456789") in PROCESSES and state["pid"]:
            process = psutil.Process(state["pid"])
            figures[f"{name} MB"] = process.memory_info().rss / MEGABYTE
            figures[f"{name} files"] = process.num_fds()
    figures["PostgreSQL connections"] = site.query(CLIENTS)[0][0]
    valkey = Redis.from_url(redis_url(site.var))
    try:
        figures["Valkey connections"] = int(valkey.info("clients")["connected_clients"])
    finally:
        valkey.close()
    return Sample(at, figures)


def growth(samples: Sequence[Sample], name: str) -> float:
    """Return how much a figure grows over the time of ``samples``, by the line through them."""
    given = [(sample.at, sample.figures[name]) for sample in samples if name in sample.figures]
    if len(given) < 3:
        return 0.0
    slope = statistics.linear_regression(*zip(*given, strict=True)).slope
    return slope * (given[-1][0] - given[0][0])
