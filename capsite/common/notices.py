"""Something happened that others further up may want to tell; who tells it subscribes here."""

import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.db import connection, transaction

from capsite.common.outage import OUTAGES

logger = logging.getLogger(__name__)

JOB_FAILED = "job.failed"  # job, code, message; inside the transaction that fails it

_subscribers: dict[str, list[Callable[..., None]]] = defaultdict(list)


def notice_subscribe(kind: str, subscriber: Callable[..., None]) -> None:
    """Call ``subscriber(**data)`` at every notice of this kind; twice the same counts once."""
    if subscriber not in _subscribers[kind]:
        _subscribers[kind].append(subscriber)


def notice(kind: str, **data: Any) -> None:
    """Tell all who subscribed; what goes wrong with them is logged and never the caller's trouble.

    Only a lost database is raised inside a transaction: that transaction is lost with it.
    """
    for subscriber in tuple(_subscribers.get(kind, ())):
        inside = connection.in_atomic_block
        lost = OUTAGES if inside else ()
        try:
            with transaction.atomic() if inside else nullcontext():
                subscriber(**data)
        except lost:
            raise
        except Exception:
            logger.exception("The notice %s could not be passed on", kind)
