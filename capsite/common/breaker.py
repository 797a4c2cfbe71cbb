"""Leaves a server that just failed alone for a moment, so that its outage costs little."""

import time


class Breaker:
    """Open for ``seconds`` after each failure; while it is open nobody should try."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._closed_at = 0.0

    @property
    def open(self) -> bool:
        """Tell whether the last failure is still fresh."""
        return time.monotonic() < self._closed_at

    def trip(self) -> None:
        """Note a failure."""
        self._closed_at = time.monotonic() + self._seconds
