"""Fixtures the whole suite shares."""

from pathlib import Path

import pytest
from channels.layers import channel_layers
from django.core.cache import cache

import workers.pipeline  # noqa: F401  (before torch: it says how torch's threads wait)
from capsite.common import push
from capsite.common.breaker import Breaker
from capsite.common.workerstate import PROOF_KEY, worker_gone
from capsite.gateway import store
from tests.factories import photo_bytes


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    """Give every test a storage folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def _no_worker():
    """Leave no worker's pulse of one test to the next."""
    yield
    worker_gone()
    cache.delete_many([PROOF_KEY])  # as a test may still keep the cache from deleting one


@pytest.fixture(autouse=True)
def _own_channel_layer(monkeypatch):
    """Give every test a channel layer: one keeps locks that belong to the event loop of its test.

    And let no failed push of one test keep the next one's from leaving.
    """
    monkeypatch.setattr(channel_layers, "backends", {})
    monkeypatch.setattr(push, "_breaker", Breaker(seconds=5))


@pytest.fixture(autouse=True)
def _own_breaker_of_limits(monkeypatch):
    """Let no outage of one test make the next one count in memory."""
    monkeypatch.setattr(store, "_breaker", Breaker(store.BREAK_SECONDS))


@pytest.fixture
def photo() -> bytes:
    """A small JPEG."""
    return photo_bytes()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """The directory of a tiny real captioner."""
    from tests.workers.tiny import build_tiny_captioner

    return build_tiny_captioner(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_captioner(tiny_model: Path):
    """The tiny captioner, loaded."""
    from workers.pipeline.captioner import Captioner

    return Captioner.from_pretrained(tiny_model, device="cpu", threads=1)
