"""Wakes workers by task name: the web process knows no task code, so it never imports torch."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction

from capsite.common.breaker import Breaker

logger = logging.getLogger(__name__)

DRAIN = "workers.drain"
SWEEP_FILES = "workers.sweep_files"
SWEEP_SESSIONS = "workers.sweep_sessions"
HEATMAPS = "workers.heatmaps"
DELIVER = "webhooks.deliver"
PURGE_DELIVERIES = "webhooks.purge"
_breaker = Breaker(seconds=5)


def wake_on_commit(task: str = DRAIN) -> None:
    """Tell a worker after commit that jobs wait; a lost wake-up is made good by beat.

    For heat maps whoever asks again makes it good.
    """
    transaction.on_commit(partial(_wake, task))


def _wake(task: str) -> None:
    if _breaker.open:
        return
    try:
        current_app.send_task(task, expires=60, retry=False)
    except Exception as error:
        _breaker.trip()
        logger.warning("Nobody was woken (beat will): %r", error)
