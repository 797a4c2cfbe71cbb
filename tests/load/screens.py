"""Open gallery sockets in numbers, and what each of them heard."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

AT_ONCE = 40
PATIENCE_SECONDS = 60


@dataclass
class Screen:
    """One open socket: whose it is (None: a visitor's) and the captions it was told of."""

    token: str | None
    told: dict[str, float] = field(default_factory=dict)  # photo, and seconds after the commit
    twice: int = 0
    heard_of: set[str] = field(default_factory=set)  # photos, in whatever message
    closed: bool = False

    def hear(self, message: dict[str, Any]) -> None:
        """Note a message of the site."""
        image = str(message.get("image", ""))
        self.heard_of.add(image)
        if message.get("state") != "done" or not message.get("captions"):
            return
        self.twice += image in self.told
        self.told[image] = time.time() - message["committed_at"]


@asynccontextmanager
async def open_screens(url: str, tokens: Sequence[str | None]) -> AsyncIterator[list[Screen]]:
    """Open a socket for each token, some at a time, and listen to all of them."""
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:

        async def one(token: str | None) -> tuple[Screen, ClientConnection]:
            async with gate:
                screen, socket = Screen(token), await _open(url, token)
            stack.push_async_callback(socket.close)
            return screen, socket

        pairs = await asyncio.gather(*(one(token) for token in tokens))
        ears = [group.create_task(_listen(screen, socket)) for screen, socket in pairs]
        yield [screen for screen, _socket in pairs]
        for ear in ears:
            ear.cancel()


async def _open(url: str, token: str | None) -> ClientConnection:
    """Return a socket that has said hello: from then on it is told of everything."""
    socket = await connect(
        url.replace("http", "ws", 1) + "/ws/gallery/",
        additional_headers={"Authorization": f"Bearer {token}"} if token else None,
        origin=None if token else url,  # type: ignore[arg-type]
        open_timeout=PATIENCE_SECONDS,
        compression=None,
        ping_interval=None,
    )
    hello = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS))
    assert hello["type"] == "hello", hello
    return socket


async def _listen(screen: Screen, socket: ClientConnection) -> None:
    async for message in socket:
        screen.hear(json.loads(message))
    screen.closed = True
