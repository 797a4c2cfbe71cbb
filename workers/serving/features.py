"""The feature store in Redis: an optional memory that never costs a job more than a moment."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from capsite.common.breaker import Breaker
from capsite.common.redisclient import get_many, redis_client, used_memory

logger = logging.getLogger(__name__)

T = TypeVar("T")

CONNECT_SECONDS = 0.25
PATIENCE_SECONDS = 0.5
BREAK_SECONDS = 5.0
LOOK_SECONDS = 10.0


class RedisFeatureStore:
    """Implements `workers.pipeline.featurestore.FeatureStore`.

    Values expire after ``seconds``. Those above ``value_bytes`` are not written, and none is while
    the server uses more than ``server_bytes`` in all. Redis being away, slow or full means that
    nothing is found or kept; it is then left alone for BREAK_SECONDS.
    """

    def __init__(
        self, url: str, *, prefix: str, seconds: int, value_bytes: int, server_bytes: int
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._seconds = seconds
        self._value_bytes = value_bytes
        self._server_bytes = server_bytes
        self._breaker = Breaker(BREAK_SECONDS)
        self._looked_at = float("-inf")
        self._full = False

    @cached_property
    def _redis(self) -> Redis:
        # No second try: encoding the photo again takes less time than waiting for Redis.
        return redis_client(
            self._url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the value of each key, or None, by one MGET."""
        nothing: list[bytes | None] = [None] * len(keys)
        names = [self._prefix + key for key in keys]
        return self._patiently(lambda: self._get(names), nothing) if names else nothing

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Write the values in one round trip."""
        fitting = {key: value for key, value in values.items() if len(value) <= self._value_bytes}
        if fitting:
            self._patiently(lambda: self._put(fitting), None)

    def _get(self, names: list[str]) -> list[bytes | None]:
        return get_many(self._redis, names)

    def _put(self, values: Mapping[str, bytes]) -> None:
        if self._server_is_full():
            return
        with self._redis.pipeline(transaction=False) as pipeline:
            for key, value in values.items():
                pipeline.set(self._prefix + key, value, ex=self._seconds)
            pipeline.execute()

    def _server_is_full(self) -> bool:
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            full = used_memory(self._redis) > self._server_bytes
            if full and not self._full:
                megabytes = self._server_bytes >> 20
                logger.warning("Redis uses more than %d MB: no features are kept", megabytes)
            self._full, self._looked_at = full, time.monotonic()
        return self._full

    def _patiently(self, ask: Callable[[], T], otherwise: T) -> T:
        if self._breaker.open:
            return otherwise
        try:
            return ask()
        except Exception as error:  # whatever it is, captions do not depend on it
            self._breaker.trip()
            logger.warning("The feature cache is away: %s", error)
            return otherwise


def feature_store() -> RedisFeatureStore | None:
    """Return the store that the settings describe, or None when it is switched off."""
    if not settings.CAPSITE_FEATURE_CACHE:
        return None
    return RedisFeatureStore(
        settings.REDIS_URL,
        prefix=f"{settings.CACHES['default']['KEY_PREFIX']}:features:",
        seconds=settings.CAPSITE_FEATURE_CACHE_SECONDS,
        value_bytes=settings.CAPSITE_FEATURE_CACHE_VALUE_BYTES,
        server_bytes=settings.CAPSITE_FEATURE_CACHE_REDIS_MB << 20,
    )
