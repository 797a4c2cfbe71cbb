"""Django's cache in whatever REDIS_URL names, Sentinel and clusters included."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from django.core.cache.backends.redis import RedisCacheClient as DjangoClient
from redis import Redis

from capsite.common.redisclient import get_many, is_cluster, redis_client

_Client: Any = DjangoClient  # whose type stubs leave out what there is to override


class RedisCacheClient(_Client):
    """Django's own, on a client that follows the master or knows the cluster's map."""

    @cached_property
    def _shared(self) -> Redis:
        options = {name: value for name, value in self._pool_options.items() if value is not None}
        options.pop("parser_class")  # redis-py's own choice, and no cluster takes it
        return redis_client(self._servers[0], **options)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """Return the one client there is."""
        return self._shared

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return what is there of the keys, wherever they lie."""
        names = list(keys)
        found = get_many(self._shared, names) if names else []
        return {
            name: self._serializer.loads(value)
            for name, value in zip(names, found, strict=True)
            if value is not None
        }

    def set_many(self, data: dict[str, Any], timeout: int | None) -> None:
        """Write the values; one by one in a cluster, where no MSET spans servers."""
        if not is_cluster(self._shared):
            super().set_many(data, timeout)
            return
        for key, value in data.items():
            self.set(key, value, timeout)


class RedisCache(DjangoRedisCache):
    """`CACHES` names this one."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__([server], params)  # Django would split the URL at its commas
        self._class = RedisCacheClient
