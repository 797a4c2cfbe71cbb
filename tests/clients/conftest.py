"""Both clients behind one face, so that every test runs with each of them."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from capsite_client import AsyncClient, Client

from tests.clients.talker import Talker, talking


class Face:
    """A client whose calls block, whichever of the two it is.

    Unless it shall really ``sleep``, its pauses are noted and not slept.
    """

    def __init__(self, kind: str, address: str, *, sleep: bool = False, **options: Any) -> None:
        self.pauses: list[float] = []
        self._loop = asyncio.new_event_loop() if kind == "async" else None
        pause = self._pause_async if self._loop else self.pauses.append
        made: Any = AsyncClient if self._loop else Client
        self.client = made(address, **options | ({} if sleep else {"sleep": pause}))

    async def _pause_async(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def __call__(self, name: str, /, *args: Any, **options: Any) -> Any:
        """Call a method, which may be of a part ("albums.create"), and return what it brings."""
        method = self.client
        for part in name.split("."):
            method = getattr(method, part)
        found = method(*args, **options)
        if not self._loop:
            return found
        return self._loop.run_until_complete(found) if asyncio.iscoroutine(found) else found

    def listed(
        self, name: str, /, *args: Any, most: int | None = None, **options: Any
    ) -> list[Any]:
        """Return the first members of a list or a subscription."""
        found = self(name, *args, **options)
        if self._loop:
            return self._loop.run_until_complete(_first_async(found, most))
        return _first(found, most)

    def together(self, *calls: Callable[[Any], Any]) -> list[Any]:
        """Run calls at the same time: in threads, or as tasks."""
        if self._loop:
            return self._loop.run_until_complete(_gathered(self.client, calls))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(lambda call: call(self.client), calls))

    def close(self) -> None:
        """Close the client."""
        if self._loop:
            self._loop.run_until_complete(self.client.aclose())
            self._loop.close()
        else:
            self.client.close()


def _first(found: Any, most: int | None) -> list[Any]:
    members = []
    for member in found:
        members.append(member)
        if len(members) == most:
            break
    if hasattr(found, "close"):
        found.close()
    return members


async def _first_async(found: Any, most: int | None) -> list[Any]:
    members = []
    async for member in found:
        members.append(member)
        if len(members) == most:
            break
    if hasattr(found, "aclose"):
        await found.aclose()
    return members


async def _gathered(client: Any, calls: Any) -> list[Any]:
    return await asyncio.gather(*(call(client) for call in calls))


@pytest.fixture
def talker() -> Iterator[Talker]:
    """A server that answers as told."""
    with talking() as talker:
        yield talker


@pytest.fixture(params=["sync", "async"])
def face(request, talker) -> Iterator[Callable[..., Face]]:
    """Make a client of the kind under test; it talks to the talker unless told otherwise."""
    made = []

    def make(address: str = "", **options: Any) -> Face:
        made.append(Face(request.param, address or talker.url, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
