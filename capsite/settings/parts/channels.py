"""Redis or Valkey as channel layer and cache: REDIS_URL, or the embedded server."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from capsite.common.redisaddress import RedisAddress, redis_address
from capsite.embedded import redis_url
from capsite.settings import env

REDIS_URL = env.redis("REDIS_URL", redis_url(env.VAR_DIR))
# Wake-ups and the sockets' messages: neither Celery nor the channel layer knows clusters.
messages_address = redis_address(env.redis("CAPSITE_BROKER_URL", REDIS_URL))
if messages_address.is_cluster:
    raise ImproperlyConfigured(
        "CAPSITE_BROKER_URL must name a single Redis, or one behind Sentinel: Celery and the "
        "sockets cannot use a cluster. Everything else can stay in the cluster of REDIS_URL."
    )


def _layer_host(address: RedisAddress) -> dict[str, Any]:
    """Return the layer's spelling of an address.

    The layer waits 5 s at a time for a message (BZPOPMIN); redis-py's own limit of 5 s would cut
    off every screen on which nothing happens.
    """
    patience = {"socket_timeout": 20, "socket_connect_timeout": 1}
    if not address.is_sentinel:
        return {"address": address.url, **patience}
    return {
        "sentinels": list(address.hosts),
        "master_name": address.master,
        "sentinel_kwargs": address.sentinel_options,
        "db": address.database,
        **address.data_options,
        **patience,
    }


CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [_layer_host(messages_address)],
            # A slow screen may lag this many messages behind before the layer drops some; a
            # burst of a thousand uploads is about three thousand messages.
            "capacity": 10_000,
            "expiry": 60,
        },
    }
}

CACHES = {
    "default": {
        "BACKEND": "capsite.common.rediscache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "capsite",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}
