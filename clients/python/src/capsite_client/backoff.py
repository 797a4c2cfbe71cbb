"""How long to pause before another attempt: exponential back-off with full jitter."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """At most ``attempts`` in all; the n-th pause is drawn from 0 to ``base * 2**(n-1)`` seconds.

    What the site asks for with Retry-After is kept, with the jitter on top so that clients do not
    come back all at once; above ``longest`` the call gives up instead.
    """

    attempts: int = 4
    base: float = 0.25
    cap: float = 10.0
    longest: float = 60.0
    draw: Callable[[], float] = random.random  # 0 to 1

    def pause(self, failures: int, asked: float | None = None) -> float | None:
        """Return the seconds to pause after so many failures, or None to give up."""
        if failures >= self.attempts:
            return None
        pause = self.jitter(failures) + (asked or 0.0)
        return pause if pause <= max(self.longest, self.cap) else None

    def jitter(self, failures: int) -> float:
        """Return a pause drawn for so many failures, however many they are."""
        doublings = min(max(failures, 1) - 1, 60)
        return self.draw() * min(self.cap, self.base * 2.0**doublings)


NO_RETRIES = Backoff(attempts=1)
