"""A worker shows Prometheus its figures, and proves every half minute that captions can be had."""

import socket
import urllib.request
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from capsite.common.observing import port
from capsite.common.workerstate import last_inference
from tests.capsite.observing.scraped import series, value
from tests.factories import ModelFactory
from workers.pipeline.faults import DeviceLost
from workers.serving import exposition, metrics, proof
from workers.serving.loading import Loaded
from workers.serving.metrics import Metrics
from workers.serving.proof import Proof


@pytest.fixture
def figures(monkeypatch) -> Metrics:
    """Counts of this test alone."""
    own = Metrics()
    monkeypatch.setattr(exposition, "METRICS", own)
    monkeypatch.setattr(proof, "METRICS", own)
    return own


@pytest.fixture
def loaded(tiny_captioner, db) -> Loaded:
    return Loaded(tiny_captioner, tiny_captioner, ModelFactory(name="tiny", revision="r1"))


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def shown(loaded: list[Loaded]):
    collector = exposition.WorkerFigures()
    collector.loaded = lambda: loaded
    registry = CollectorRegistry()
    registry.register(collector)
    return series(generate_latest(registry).decode())


def test_all_counts_are_shown_under_their_names(figures, loaded):
    figures.batch(8, {"encode": 0.2, "decode": 0.4})
    figures.batch(4, {"encode": 0.004})
    figures.count(metrics.JOBS, 7, outcome="done")
    figures.count(metrics.JOBS, outcome="photo_missing")
    figures.take({"cache_hits": 3, "cache_misses": 1, "oom_retries": 1})
    figures.count(metrics.LEASE_EXPIRIES, 2)
    figures.observe(metrics.CONFIDENCE, 0.61, language="en")
    found = shown([loaded])
    assert value(found, metrics.JOBS, outcome="done") == 7
    assert value(found, metrics.JOBS, outcome="photo_missing") == 1
    assert value(found, metrics.LEASE_EXPIRIES) == 2
    assert value(found, "capsite_caption_batch_size_bucket", le="4.0") == 1
    assert value(found, "capsite_caption_batch_size_sum") == 12
    encode = {"stage": "encode"}
    assert value(found, "capsite_caption_stage_seconds_bucket", le="0.005", **encode) == 1
    assert value(found, "capsite_caption_stage_seconds_count", **encode) == 2
    assert value(found, "capsite_caption_confidence_bucket", language="en", le="0.7") == 1
    assert value(found, "capsite_caption_confidence_bucket", language="en", le="0.6") == 0
    about = {"name": "tiny", "revision": "r1", "device": "cpu", "dtype": "fp32"}
    languages = ",".join(loaded.captioner.languages)
    assert value(found, exposition.MODEL, languages=languages, **about) == 1


def test_every_series_has_words():
    named = {getattr(metrics, name) for name in ("MODEL_LOADS", "MODEL_FAILURES", "JOBS")}
    named |= {metrics.LEASE_EXPIRIES, metrics.PROOF_FAILURES, *metrics.BOUNDS}
    assert named | set(metrics.CAPTIONER_COUNTERS.values()) == set(metrics.WORDS)


def test_an_idle_worker_proves_itself_every_half_minute(figures, loaded, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(proof.time, "monotonic", lambda: now)
    idle = Proof()
    idle.step(loaded)
    told = last_inference()
    assert told is not None
    assert told["model"] == "tiny r1"
    idle.step(loaded)
    now += proof.IDLE_SECONDS
    idle.step(loaded)
    assert value(shown([]), "capsite_proof_seconds_count") == 2


def test_a_photo_is_a_proof_as_well(figures, loaded):
    busy = Proof()
    busy.note(loaded, 0.5)
    busy.step(loaded)
    assert last_inference()["seconds"] == 0.5
    assert value(shown([]), "capsite_proof_seconds_count") == 0


def test_a_captioner_that_fails_proves_nothing(figures, loaded, caplog):
    def fail():
        raise RuntimeError("no longer")

    broken = SimpleNamespace(captioner=SimpleNamespace(warm_up=fail), model=loaded.model)
    idle = Proof()
    idle.step(broken)
    idle.step(broken)
    assert last_inference() is None
    assert value(shown([]), metrics.PROOF_FAILURES) == 1
    assert "no longer" in caplog.text

    def lose():
        raise DeviceLost

    broken.captioner.warm_up = lose
    with pytest.raises(DeviceLost):
        Proof().step(broken)


def test_the_port_answers_and_a_taken_one_is_no_end(settings, free_port, caplog):
    settings.CAPSITE_METRICS_PORT, settings.CAPSITE_METRICS_HOST = free_port, "127.0.0.1"
    port.open_port()
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=5) as answer:
        found = series(answer.read().decode())
    assert any(name == "capsite_build_info" for name, _labels in found)
    assert any(name == "process_resident_memory_bytes" for name, _labels in found)
    port.open_port()
    assert f"No figures on port {free_port}" in caplog.text
