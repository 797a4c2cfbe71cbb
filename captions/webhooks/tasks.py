"""Thin Celery envelopes of the courier; the rows are the jobs, the messages only wake it."""

import threading

from celery import shared_task
from celery.signals import worker_shutting_down

from capsite.common.outage import OUTAGES
from capsite.common.queues import DELIVER, PURGE_DELIVERIES
from captions.webhooks.courier import deliver_due
from captions.webhooks.delivery import deliveries_purge

_stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_signal: object) -> None:
    """Finish the delivery at hand and leave the rest to the next courier."""
    _stopping.set()


@shared_task(name=DELIVER, throws=OUTAGES)
def deliver() -> int:
    """Send what is due; a database outage is expected and beat wakes the courier again."""
    return deliver_due(_stopping.is_set)


@shared_task(name=PURGE_DELIVERIES, throws=OUTAGES)
def purge() -> int:
    """Forget deliveries that ended long ago."""
    return deliveries_purge()
