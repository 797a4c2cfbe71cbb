"""Sliding windows: how much of a limit is left, and how long until there is enough again."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds, counted under ``key``."""

    name: str
    key: str
    quota: int
    seconds: int


@dataclass(frozen=True)
class Window:
    """What was counted for a limit, as the sliding window counter of ``limits`` keeps it.

    The count is what came since the current window began, and of the window before that share
    which still overlaps the last ``limit.seconds``. A current window's count lives for two.
    """

    limit: Limit
    previous: int = 0
    previous_ttl: float = 0.0
    current: int = 0
    current_ttl: float = 0.0

    @property
    def remaining(self) -> int:
        """Return how many requests the limit has left now."""
        weighted = math.floor(self.previous * self.previous_ttl / self.limit.seconds)
        return max(0, self.limit.quota - weighted - self.current)

    @property
    def used(self) -> int:
        """Return how many requests the limit counts now."""
        return self.limit.quota - self.remaining

    @property
    def reset(self) -> int:
        """Return the seconds until more is left: the current window's rest, or the wait for one."""
        if not self.remaining:
            return self.wait(1)
        rest = self.current_ttl - self.limit.seconds if self.current else self.previous_ttl
        return max(0, math.ceil(rest))

    def wait(self, cost: int) -> int:
        """Return the whole seconds after which ``cost`` requests are allowed; 0 when they are."""
        if cost <= self.remaining:
            return 0
        room = self.limit.quota - cost - self.current
        if room >= 0:
            seconds = _until(self.previous, self.previous_ttl, room, self.limit.seconds)
        else:  # the current window has to become the previous one first
            begins = max(0.0, self.current_ttl - self.limit.seconds)
            room = self.limit.quota - cost
            length = self.limit.seconds
            seconds = begins + _until(self.current, length, room, length)
        return math.floor(seconds) + 1  # strictly after: at the moment itself it still counts

    def taken(self, cost: int) -> "Window":
        """Return the window after ``cost`` more requests."""
        ttl = self.current_ttl or 2.0 * self.limit.seconds
        return replace(self, current=self.current + cost, current_ttl=ttl)


def _until(count: int, ttl: float, room: int, length: int) -> float:
    """Return the seconds until of ``count``, which fades out over ``ttl``, ``room`` is left."""
    return max(0.0, ttl - (room + 1) * length / count) if count else 0.0
