"""Waking and pushing: after commit, and never at the cost of the caller."""

import logging
import socket
import threading
import time
from pathlib import Path

import pytest
from celery import Celery, current_app
from channels_redis.core import RedisChannelLayer
from django.conf import settings
from django.db import transaction

from capsite.common import push, queues
from capsite.common.breaker import Breaker
from capsite.common.push import push_on_commit
from capsite.common.queues import wake_on_commit

pytestmark = pytest.mark.django_db(transaction=True)
QUICK_SECONDS = 3.5  # an upload that meets an outage may take this much longer, once


@pytest.fixture(autouse=True)
def _closed_breakers(monkeypatch):
    monkeypatch.setattr(push, "_breaker", Breaker(seconds=5))
    monkeypatch.setattr(queues, "_breaker", Breaker(seconds=5))


@pytest.fixture
def hung_server(tmp_path: Path):
    """A socket that takes connections and never answers."""
    path = tmp_path / "hung.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(50)
        held: list[socket.socket] = []

        def hold() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=hold, daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)


def test_the_worker_is_woken_by_name_after_commit(monkeypatch):
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append(name))
    with transaction.atomic():
        wake_on_commit()
        assert sent == []
    assert sent == ["workers.drain"]


def test_a_broker_that_refuses_costs_next_to_nothing(monkeypatch, caplog):
    app = Celery("refused", broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr(queues, "current_app", app)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        for _upload in range(20):
            with transaction.atomic():
                wake_on_commit()
    assert time.monotonic() - began < QUICK_SECONDS
    assert caplog.text.count("Nobody was woken") == 1


def test_a_layer_that_hangs_costs_a_moment_once(monkeypatch, caplog, hung_server):
    layer = RedisChannelLayer(hosts=[f"unix://{hung_server}"])
    monkeypatch.setattr(push, "get_channel_layer", lambda: layer)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        for _photo in range(20):
            with transaction.atomic():
                push_on_commit(["gallery"], {"type": "worker"})
    assert time.monotonic() - began < QUICK_SECONDS
    assert caplog.text.count("Push of worker failed") == 1
