"""Redis or Valkey as channel layer and cache: REDIS_URL, or the embedded server."""

from typing import Any

from capsite.embedded import redis_url
from capsite.settings import env

REDIS_URL = env.redis("REDIS_URL", redis_url(env.VAR_DIR))

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The layer waits 5 s at a time for a message (BZPOPMIN); redis-py's own limit of 5 s
            # would cut off every screen on which nothing happens.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 20, "socket_connect_timeout": 1}],
            # A slow screen may lag this many messages behind before the layer drops some; a
            # burst of a thousand uploads is about three thousand messages.
            "capacity": 10_000,
            "expiry": 60,
        },
    }
}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "capsite",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}
