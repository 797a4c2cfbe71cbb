"""Waking a worker: by name, after commit, and never at the cost of the caller."""

import logging

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from capsite.common.queues import wake_on_commit

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_worker_is_woken_by_name_after_commit(monkeypatch):
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append(name))
    with transaction.atomic():
        wake_on_commit()
        assert sent == []
    assert sent == ["workers.drain"]


def test_a_lost_broker_costs_nobody_anything(monkeypatch, caplog):
    def away(*args, **kwargs):
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", away)
    with caplog.at_level(logging.WARNING), transaction.atomic():
        wake_on_commit()
    assert "Nobody was woken" in caplog.text
