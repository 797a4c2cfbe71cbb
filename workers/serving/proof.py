"""Proves every half minute that captions can be had: a tiny picture, where no photo came by."""

import logging
import time
from datetime import UTC, datetime

from capsite.common.workerstate import inference_note
from workers.pipeline.faults import DeviceLost
from workers.serving.loading import Loaded
from workers.serving.metrics import METRICS, PROOF_FAILURES, PROOF_SECONDS

logger = logging.getLogger(__name__)

IDLE_SECONDS = 30.0  # readiness forgets a proof after a minute
BUSY_SECONDS = 5.0


class Proof:
    """When this worker last captioned something."""

    def __init__(self) -> None:
        self._at = float("-inf")

    def note(self, loaded: Loaded, seconds: float) -> None:
        """Tell readiness of a picture that was just captioned, not more often than need be."""
        now = time.monotonic()
        if now - self._at >= BUSY_SECONDS:
            self._at = now
            at = datetime.now(UTC).isoformat(timespec="seconds")
            inference_note(model=str(loaded.model), seconds=seconds, at=at)

    def step(self, loaded: Loaded) -> None:
        """Caption the tiny picture if none was for a while. Raises DeviceLost."""
        if time.monotonic() - self._at < IDLE_SECONDS:
            return
        began = time.monotonic()
        try:
            loaded.captioner.warm_up()
        except DeviceLost:
            raise
        except Exception:
            self._at = began  # again in half a minute; readiness hears nothing
            METRICS.count(PROOF_FAILURES)
            logger.exception("The tiny picture could not be captioned")
            return
        seconds = time.monotonic() - began
        METRICS.observe(PROOF_SECONDS, seconds)
        self.note(loaded, seconds)


PROOF = Proof()
