"""The worker's pulse: it beats in the cache, and who reads it learns ready, starting or away."""

import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)

PULSE_SECONDS = 3
_KEY = "worker-pulse"
_TTL = PULSE_SECONDS * 3


def worker_pulse(state: str) -> None:
    """Note that a worker is ``starting`` or ``ready`` now; a cache that is away is no error."""
    try:
        cache.set(_KEY, state, timeout=_TTL)
    except Exception as error:
        logger.warning("The worker's pulse could not be noted: %s", error)


def worker_gone() -> None:
    """Note that the worker has stopped, rather than let its pulse run out."""
    try:
        cache.delete(_KEY)
    except Exception as error:
        logger.warning("The worker's end could not be noted: %s", error)


def worker_state() -> str:
    """Return ``ready``, ``starting`` or ``away`` (also when the cache cannot be asked)."""
    try:
        return cache.get(_KEY) or "away"
    except Exception as error:
        logger.warning("The worker's pulse could not be read: %s", error)
        return "away"
