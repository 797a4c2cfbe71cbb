"""The feature store in Redis: what it keeps, for how long, and that its absence costs nothing."""

import socket
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings as live
from redis import Redis

from tests.workers.tiny import plain_photo
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest
from workers.serving.features import RedisFeatureStore, feature_store

PREFIX = "capsite-test:features:"


def store_at(url: str = "", **changes) -> RedisFeatureStore:
    options = {"seconds": 60, "value_bytes": 100_000, "server_bytes": 1 << 40} | changes
    return RedisFeatureStore(url or live.REDIS_URL, prefix=PREFIX, **options)


@pytest.fixture
def redis():
    """The suite's own Redis, without features."""
    client = Redis.from_url(live.REDIS_URL)

    def clear() -> None:
        for key in client.scan_iter(f"{PREFIX}*"):
            client.delete(key)

    clear()
    yield client
    clear()


def test_values_come_back_in_order_and_expire(redis):
    store = store_at(seconds=50)
    store.put_many({"a": b"1", "b": b"2"})
    assert store.get_many(["b", "x", "a"]) == [b"2", None, b"1"]
    assert 0 < redis.ttl(f"{PREFIX}a") <= 50


def test_one_command_reads_and_one_round_trip_writes(redis):
    store = store_at()
    store.put_many({"a": b"1"})  # looks at the server's memory, once in a while
    before = redis.info("commandstats")
    store.put_many({"b": b"2", "c": b"3"})
    store.get_many(["a", "b", "c"])
    after = redis.info("commandstats")

    def calls(name: str) -> int:
        none = {"calls": 0}
        return after.get(name, none)["calls"] - before.get(name, none)["calls"]

    assert (calls("cmdstat_mget"), calls("cmdstat_set"), calls("cmdstat_multi")) == (1, 2, 0)


def test_large_values_are_left_out(redis):
    store = store_at(value_bytes=10)
    store.put_many({"small": b"x" * 10, "large": b"x" * 11})
    assert store.get_many(["small", "large"]) == [b"x" * 10, None]


def test_nothing_is_kept_while_the_server_is_full(redis, caplog):
    store = store_at(server_bytes=1)
    for _again in range(2):
        store.put_many({"a": b"1"})
    assert store.get_many(["a"]) == [None]
    assert caplog.text.count("no features are kept") == 1


def test_a_server_that_is_away_is_left_alone(caplog):
    store = store_at("redis://127.0.0.1:1/0")
    for _again in range(3):
        assert store.get_many(["a", "b"]) == [None, None]
        store.put_many({"a": b"1"})
    assert caplog.text.count("The feature cache is away") == 1


@pytest.fixture
def silent():
    """The URL of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []
        thread = threading.Thread(target=lambda: taken.append(server.accept()[0]), daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        for connection in taken:
            connection.close()


def test_a_slow_server_costs_a_batch_half_a_second_at_most(silent, tiny_model: Path):
    captioner = Captioner.from_pretrained(tiny_model, features=store_at(silent))
    began = time.monotonic()
    [outcome] = captioner.caption([CaptionRequest(plain_photo())])
    assert outcome.error is None
    assert time.monotonic() - began < 2
    began = time.monotonic()
    captioner.caption([CaptionRequest(plain_photo("blue"))])
    assert time.monotonic() - began < 0.5


def test_two_workers_share_features(redis, tiny_model: Path):
    first, second = (Captioner.from_pretrained(tiny_model, features=store_at()) for _ in range(2))
    request = CaptionRequest(plain_photo("green"))
    assert second.caption([request])[0].captions != ()
    assert first.caption([request])[0].captions == second.caption([request])[0].captions
    assert first.counters["cache_hits"] == 1


def test_the_setting_switches_it_off(settings):
    assert isinstance(feature_store(), RedisFeatureStore)
    settings.CAPSITE_FEATURE_CACHE = False
    assert feature_store() is None
