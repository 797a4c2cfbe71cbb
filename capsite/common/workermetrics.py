"""Each worker's counters and histograms in Redis: workers put them there, the site reads them."""

import json
import logging
import time
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis

from capsite.common.breaker import Breaker
from capsite.common.redisclient import redis_client

logger = logging.getLogger(__name__)

# A worker that has not written for so long is gone, and its figures with it.
FRESH_SECONDS = 30
_breaker = Breaker(seconds=5)


@cache
def _client(url: str) -> Redis:
    return redis_client(url, socket_connect_timeout=1, socket_timeout=2)


def _redis() -> Redis:
    return _client(settings.REDIS_URL)


def _hash() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:worker-metrics"


def worker_metrics_publish(worker: str, snapshot: dict[str, Any]) -> None:
    """Put a worker's figures where the site finds them; a Redis that is away is no error."""
    if _breaker.open:
        return
    try:
        value = json.dumps({"at": time.time(), **snapshot})
        with _redis().pipeline(transaction=False) as pipeline:
            pipeline.hset(_hash(), worker, value)
            pipeline.expire(_hash(), FRESH_SECONDS)
            pipeline.execute()
    except Exception as error:
        _breaker.trip()
        logger.warning("The worker's figures could not be published: %s", error)


def worker_metrics() -> dict[str, dict[str, Any]]:
    """Return the figures of every living worker by its name; none when Redis cannot be asked."""
    try:
        rows: Any = _redis().hgetall(_hash())
        read = {worker.decode(): json.loads(value) for worker, value in rows.items()}
        gone = [name for name, row in read.items() if time.time() - row["at"] > FRESH_SECONDS]
        if gone:
            _redis().hdel(_hash(), *gone)
        return {worker: row for worker, row in read.items() if worker not in gone}
    except Exception as error:
        logger.warning("The workers' figures could not be read: %s", error)
        return {}
