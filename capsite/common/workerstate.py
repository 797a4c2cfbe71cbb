"""The worker's pulse: it beats in the cache, and who reads it learns ready, starting or away."""

import logging
from typing import Any

from django.core.cache import cache

logger = logging.getLogger(__name__)

PULSE_SECONDS = 3
_KEYS = {"ready": "worker-ready", "starting": "worker-starting"}
_TTL = PULSE_SECONDS * 3
# How long a captioned picture proves that captions can be had.
PROOF_SECONDS = 60
PROOF_KEY = "worker-inference"


def worker_pulse(state: str) -> None:
    """Note that a worker is ``starting`` or ``ready`` now; a cache that is away is no error."""
    try:
        cache.set(_KEYS[state], True, timeout=_TTL)
    except Exception as error:
        logger.warning("The worker's pulse could not be noted: %s", error)


def worker_gone() -> None:
    """Note that the worker has stopped, rather than let its pulse run out."""
    try:
        cache.delete_many(_KEYS.values())  # another worker's next beat puts it back
    except Exception as error:
        logger.warning("The worker's end could not be noted: %s", error)


def worker_state() -> str:
    """Return ``ready`` when any worker is, else ``starting`` or ``away``.

    A cache that cannot be asked counts as away.
    """
    try:
        beating = cache.get_many(_KEYS.values())
        return next((state for state, key in _KEYS.items() if key in beating), "away")
    except Exception as error:
        logger.warning("The worker's pulse could not be read: %s", error)
        return "away"


def inference_note(*, model: str, seconds: float, at: str) -> None:
    """Note that a worker just captioned a picture, in ``seconds``; forgotten after a minute."""
    try:
        proof = {"model": model, "seconds": round(seconds, 3), "at": at}
        cache.set(PROOF_KEY, proof, timeout=PROOF_SECONDS)
    except Exception as error:
        logger.warning("The worker's proof could not be noted: %s", error)


def last_inference() -> dict[str, Any] | None:
    """Return the last picture that any worker captioned within the last minute, if one did.

    The minute is counted by Redis: clocks of workers and web processes may differ.
    """
    try:
        proof: dict[str, Any] | None = cache.get(PROOF_KEY)
    except Exception as error:
        logger.warning("The worker's proof could not be read: %s", error)
        return None
    return proof
