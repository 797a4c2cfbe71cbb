"""Cache, rate limits, figures and features on a real Sentinel and a real cluster."""

import pytest
from django.conf import settings as live

from capsite.common.rediscache import RedisCache
from capsite.common.workermetrics import worker_metrics, worker_metrics_publish
from capsite.gateway import store
from capsite.gateway.windows import Limit
from tests.deploy.servers import Watched, cluster, redis_processes
from workers.serving.features import RedisFeatureStore


@pytest.fixture(scope="module", params=["sentinel", "cluster"])
def url(request, tmp_path_factory):
    """The URL of servers of that kind."""
    with redis_processes(tmp_path_factory.mktemp("redis")) as processes:
        yield Watched(processes).url if request.param == "sentinel" else cluster(processes)


@pytest.fixture
def redis_url(url, settings):
    settings.REDIS_URL = url
    store._breaker._closed_at = 0.0
    return url


def test_the_cache_does_all_that_djangos_does(url):
    cache = RedisCache(url, {"OPTIONS": live.CACHES["default"]["OPTIONS"]})
    cache.set("one", {"a": [1]})
    assert cache.get("one") == {"a": [1]}
    assert not cache.add("one", 2)
    assert cache.add("count", 1, timeout=60)
    assert cache.incr("count", 4) == 5
    many = {f"many-{number}": number for number in range(50)}
    assert cache.set_many(many, timeout=60) == []
    assert cache.get_many([*many, "none"]) == many
    cache.delete_many(many)
    assert cache.get_many(many) == {}
    assert cache.touch("one", 10)
    assert cache.has_key("one")
    cache.clear()
    assert cache.get("one", "gone") == "gone"


def test_limits_are_counted_there(redis_url):
    limits = [Limit("read-60", "somebody", 3, 60), Limit("read-3600", "somebody", 5, 3600)]
    assert [store.take(limits, 1)[0] for _ in range(4)] == [True, True, True, False]
    assert [window.used for window in store.peek(limits)] == [3, 3]
    assert [store.violations("somebody") for _ in range(2)] == [1, 2]


def test_figures_and_features_are_kept_there(redis_url):
    worker_metrics_publish("capsite@here", {"jobs": 3})
    assert worker_metrics()["capsite@here"]["jobs"] == 3
    features = RedisFeatureStore(
        redis_url, prefix="f:", seconds=60, value_bytes=100, server_bytes=1 << 30
    )
    kept = {f"photo-{number}": bytes([number]) for number in range(20)}
    features.put_many(kept)
    assert features.get_many([*kept, "none"]) == [*kept.values(), None]
    full = RedisFeatureStore(redis_url, prefix="f:", seconds=60, value_bytes=100, server_bytes=1)
    full.put_many({"more": b"1"})
    assert features.get_many(["more"]) == [None]
