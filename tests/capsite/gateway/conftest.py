"""Fixtures of the gateway's tests."""

import pytest
from redis import Redis

from capsite.gateway import store


@pytest.fixture(autouse=True)
def _no_counts(settings):
    """Let every test begin with nothing counted, here and in Redis."""
    redis = Redis.from_url(settings.REDIS_URL)
    for key in redis.scan_iter("capsite-test:rate*"):
        redis.delete(key)
    store._memory.cache_clear()


@pytest.fixture
def rates(settings):
    """Set the limits of a scope, as they stand."""
    settings.CAPSITE_RATE_FACTOR = 1

    def put(scope: str, **limits: str) -> None:
        settings.CAPSITE_RATES = settings.CAPSITE_RATES | {
            scope: settings.CAPSITE_RATES[scope] | limits
        }

    return put


@pytest.fixture
def redis_away(settings, tmp_path):
    """Point the site at a Redis that is not there."""
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock?db=0"
