"""Time as the package sees it, so that tests can turn it forward."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from capsite_client.errors import DeadlineExceeded

Clock = Callable[[], float]
MONOTONIC: Clock = time.monotonic


@dataclass(frozen=True)
class Deadline:
    """The moment by which a whole call has to be over; ``at`` is None when there is none."""

    clock: Clock
    at: float | None = None

    @classmethod
    def after(cls, clock: Clock, seconds: float | None) -> "Deadline":
        """Return the deadline that many seconds from now."""
        return cls(clock, None if seconds is None else clock() + seconds)

    def left(self) -> float:
        """Return the seconds left, never below 0."""
        return float("inf") if self.at is None else max(0.0, self.at - self.clock())

    def fits(self, seconds: float) -> bool:
        """Return whether a pause of that length ends before the deadline."""
        return seconds < self.left()

    def clip(self, seconds: float) -> float:
        """Return the seconds, or what is left where that is less."""
        return min(seconds, self.left())

    def sooner(self, seconds: float) -> "Deadline":
        """Return this deadline, or one that many seconds from now where that is sooner."""
        other = self.clock() + seconds
        return Deadline(self.clock, other if self.at is None else min(self.at, other))

    def check(self) -> None:
        """Raise DeadlineExceeded when it has passed."""
        if self.left() <= 0:
            raise DeadlineExceeded("The time allowed for this call is over.")
