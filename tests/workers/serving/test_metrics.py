"""Histograms count as Prometheus expects, and the site reads what living workers published."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capsite.common import workermetrics
from capsite.common.workermetrics import worker_metrics, worker_metrics_publish
from workers.serving.metrics import SIZES, Histogram, Metrics


def test_buckets_are_cumulative_and_bounds_belong_to_them():
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    buckets = {"1.0": 2, "2.0": 3, "+Inf": 4}
    assert histogram.as_dict() == {"buckets": buckets, "sum": 12.0, "count": 4}


@given(st.lists(st.floats(0, 1000), max_size=50))
def test_every_value_is_counted_once(values):
    histogram = Histogram(SIZES)
    for value in values:
        histogram.observe(value)
    told = histogram.as_dict()
    assert told["count"] == len(values)
    assert list(told["buckets"].values()) == sorted(told["buckets"].values())
    for bound, count in list(told["buckets"].items())[:-1]:
        assert count == sum(value <= float(bound) for value in values)


def test_a_snapshot_names_every_series_and_is_json():
    metrics = Metrics()
    metrics.batch(8, {"encode": 0.2, "decode": 0.4})
    counters = {"cache_hits": 3, "oom_retries": 1}
    metrics.take(counters)
    metrics.take({"cache_hits": 2})
    told = json.loads(json.dumps(metrics.snapshot()))
    values = {row["name"]: row["value"] for row in told["counters"]}
    assert values == {"capsite_feature_cache_hits_total": 5, "capsite_oom_retries_total": 1}
    stages = [row["labels"].get("stage") for row in told["histograms"]]
    assert stages == [None, "encode", "decode"]
    assert counters == {}


@pytest.fixture(autouse=True)
def _nobody():
    redis = workermetrics._redis()
    redis.delete(workermetrics._hash())
    yield
    redis.delete(workermetrics._hash())


def test_the_site_reads_every_living_worker(monkeypatch):
    worker_metrics_publish("w1", {"counters": [], "histograms": []})
    worker_metrics_publish("w2", Metrics().snapshot())
    assert set(worker_metrics()) == {"w1", "w2"}
    later = workermetrics.time.time() + workermetrics.FRESH_SECONDS + 1
    monkeypatch.setattr(workermetrics.time, "time", lambda: later)
    worker_metrics_publish("w2", Metrics().snapshot())
    assert set(worker_metrics()) == {"w2"}


def test_a_redis_that_is_away_is_no_error(settings, caplog, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(workermetrics, "_breaker", workermetrics.Breaker(seconds=5))
    worker_metrics_publish("w1", {})
    worker_metrics_publish("w1", {})
    assert worker_metrics() == {}
    assert caplog.text.count("could not be published") == 1
