"""Wakes workers by task name: the web process knows no task code, so it never imports torch."""

import logging

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

DRAIN = "workers.drain"
SWEEP_FILES = "workers.sweep_files"


def wake_on_commit() -> None:
    """Tell a worker after commit that jobs wait; a lost wake-up is made good by beat."""
    transaction.on_commit(_wake)


def _wake() -> None:
    try:
        current_app.send_task(DRAIN, expires=60, retry=False)
    except Exception as error:
        logger.warning("Nobody was woken (beat will): %s", error)
