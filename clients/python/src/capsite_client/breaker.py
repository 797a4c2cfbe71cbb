"""A circuit breaker for each host: after failures in a row it sends nothing for a while."""

import threading
import time
from collections.abc import Callable
from enum import Enum
from urllib.parse import urlsplit

from capsite_client.errors import CircuitOpen


class State(Enum):
    """Closed lets everything through, open nothing, half-open one attempt."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Opens after ``threshold`` failures in a row; lets one attempt try after ``reset_after``.

    ``enter`` gives a pass, which the attempt hands back with how it went. A pass of before a
    change of state says nothing any more, so late answers cannot open or close the circuit.
    """

    def __init__(
        self,
        threshold: int = 5,
        reset_after: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.threshold = threshold
        self.reset_after = reset_after
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._opened_at = 0.0
        self._era = 0

    @property
    def state(self) -> State:
        """What it lets through now."""
        with self._lock:
            rested = self._state is State.OPEN and self._rest() <= 0
            return State.HALF_OPEN if rested else self._state

    def enter(self) -> int:
        """Return a pass for one attempt, or raise CircuitOpen."""
        with self._lock:
            if self._state is State.OPEN and self._rest() <= 0:
                self._become(State.HALF_OPEN)
                return self._era
            if self._state is not State.CLOSED:
                raise CircuitOpen(
                    "The site failed several times in a row, so nothing is sent for now.",
                    retry_after=max(0.0, self._rest()),
                )
            return self._era

    def succeeded(self, passed: int) -> None:
        """The host answered: whatever it said, it is there."""
        with self._lock:
            if passed == self._era:
                self._failures = 0
                if self._state is State.HALF_OPEN:
                    self._become(State.CLOSED)

    def failed(self, passed: int) -> None:
        """The host did not answer, or with 5xx."""
        with self._lock:
            if passed != self._era:
                return
            self._failures += 1
            if self._state is State.HALF_OPEN or self._failures >= self.threshold:
                self._opened_at = self._clock()
                self._become(State.OPEN)

    def abandoned(self, passed: int) -> None:
        """The attempt was cancelled, so it says nothing; another may try."""
        with self._lock:
            if passed == self._era and self._state is State.HALF_OPEN:
                self._become(State.OPEN)  # opened_at stays: the next attempt may try at once

    def _rest(self) -> float:
        return self._opened_at + self.reset_after - self._clock()

    def _become(self, state: State) -> None:
        self._state = state
        self._failures = 0
        self._era += 1


class Breakers:
    """The breakers of all hosts; clients given the same one share what they learn."""

    def __init__(
        self,
        threshold: int = 5,
        reset_after: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = (threshold, reset_after, clock)
        self._lock = threading.Lock()
        self._breakers: dict[str, CircuitBreaker] = {}

    def of(self, url: str) -> CircuitBreaker:
        """Return the breaker of an address's host and port."""
        host = urlsplit(url).netloc.lower()
        with self._lock:
            if host not in self._breakers:
                self._breakers[host] = CircuitBreaker(*self._settings)
            return self._breakers[host]
