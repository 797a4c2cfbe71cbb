"""Runs subscription flows over WebSockets, sync and async."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection as AsyncConnection
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from capsite_client.drivers import AsyncDriver, SyncDriver, resume
from capsite_client.flow import Emit, Hear, Open, Say, SocketClosed
from capsite_client.subscriptions import PROTOCOL, Subscription, listen

T = TypeVar("T")
# asyncio has a TimeoutError of its own before Python 3.11.
FAULTS = (WebSocketException, OSError, TimeoutError, asyncio.TimeoutError)


def events(subscription: Subscription[T], driver: SyncDriver) -> Iterator[T]:
    """Give what a subscription brings, blocking in between; the socket ends with the iteration."""
    flow, socket = listen(subscription), _SyncSocket(driver)
    outcome, error = None, None
    try:
        while True:
            try:
                effect = resume(flow, outcome, error)
            except StopIteration:
                return
            outcome, error = None, None
            if isinstance(effect, Emit):
                yield effect.value
                continue
            try:
                outcome = socket.do(effect)
            except BaseException as problem:  # the flow decides
                error = problem
    finally:
        socket.close()


class _SyncSocket:
    def __init__(self, driver: SyncDriver) -> None:
        self._driver = driver
        self._connection: ClientConnection | None = None

    def do(self, effect: Any) -> Any:
        """Do one thing."""
        try:
            if isinstance(effect, Open):
                self.close()
                self._connection = connect(effect.url, **_options(effect))
            elif isinstance(effect, Say) and self._connection:
                self._connection.send(json.dumps(effect.message))
            elif isinstance(effect, Hear) and self._connection:
                return self._connection.recv(effect.timeout)
            else:
                return self._driver.do(effect)
        except FAULTS as fault:
            raise _closed(fault) from fault

    def close(self) -> None:
        """Close what is open."""
        if self._connection:
            self._connection.close()
            self._connection = None


async def events_async(subscription: Subscription[T], driver: AsyncDriver) -> AsyncIterator[T]:
    """Give what a subscription brings; the socket ends with the iteration."""
    flow, socket = listen(subscription), _AsyncSocket(driver)
    outcome, error = None, None
    try:
        while True:
            try:
                effect = resume(flow, outcome, error)
            except StopIteration:
                return
            outcome, error = None, None
            if isinstance(effect, Emit):
                yield effect.value
                continue
            try:
                outcome = await socket.do(effect)
            except BaseException as problem:  # the flow decides
                error = problem
    finally:
        await socket.close()


class _AsyncSocket:
    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver
        self._connection: AsyncConnection | None = None

    async def do(self, effect: Any) -> Any:
        """Do one thing."""
        try:
            if isinstance(effect, Open):
                await self.close()
                self._connection = await connect_async(effect.url, **_options(effect))
            elif isinstance(effect, Say) and self._connection:
                await self._connection.send(json.dumps(effect.message))
            elif isinstance(effect, Hear) and self._connection:
                return await asyncio.wait_for(self._connection.recv(), effect.timeout)
            else:
                return await self._driver.do(effect)
        except FAULTS as fault:
            raise _closed(fault) from fault

    async def close(self) -> None:
        """Close what is open."""
        if self._connection:
            await self._connection.close()
            self._connection = None


def _options(effect: Open) -> dict[str, Any]:
    return {
        "additional_headers": effect.headers,
        "origin": Origin(effect.origin),  # the site lets visitors in from its own pages only
        "subprotocols": [Subprotocol(PROTOCOL)],
        "open_timeout": effect.timeout,
    }


def _closed(fault: Exception) -> SocketClosed:
    if isinstance(fault, ConnectionClosed):
        code = fault.rcvd.code if fault.rcvd else 0
        return SocketClosed(str(fault), code=code)
    status = fault.response.status_code if isinstance(fault, InvalidStatus) else 0
    return SocketClosed(str(fault) or type(fault).__name__, status=status)
