"""Calls as generators: they yield what is to be done and are sent what came of it.

A flow holds all the logic of a call (retries, breaker, waiting, pages) and does nothing itself. The
sync and the async client run the very same flows and differ only in how they do these few things.
"""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from capsite_client.wire import Request

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Send a request to an origin; comes to an Answer, or raises Unavailable."""

    origin: str
    request: Request
    timeout: float  # the longest silence
    left: float  # seconds for the whole attempt


@dataclass(frozen=True)
class Sleep:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True)
class ReadFile:
    """Read a file; comes to its bytes, or raises OSError."""

    path: Path


@dataclass(frozen=True)
class Alone:
    """Run a flow while no other call of this client runs one alone; comes to its result."""

    flow: "Flow[Any]"


@dataclass(frozen=True)
class Open:
    """Open the socket of a subscription, closing the one before; raises SocketClosed."""

    url: str
    headers: dict[str, str]
    origin: str
    timeout: float


@dataclass(frozen=True)
class Say:
    """Send a JSON object over the socket."""

    message: dict[str, Any]


@dataclass(frozen=True)
class Hear:
    """Wait for the next text on the socket; comes to it, or raises SocketClosed."""

    timeout: float | None = None


@dataclass(frozen=True)
class Emit:
    """Hand a value to whoever iterates over the subscription."""

    value: Any


Effect = Send | Sleep | ReadFile | Alone
SocketEffect = Effect | Open | Say | Hear | Emit
Flow = Generator[Effect, Any, T]
SocketFlow = Generator[SocketEffect, Any, T]


class SocketClosed(Exception):
    """The socket closed, or never opened; ``status`` is that of a refused handshake."""

    def __init__(self, reason: str, *, code: int = 0, status: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.status = status
