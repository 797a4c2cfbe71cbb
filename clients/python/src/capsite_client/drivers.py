"""Runs flows: one driver with httpx's sync client, one with its async client."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from capsite_client.errors import ConnectionFailed, TimedOut, Unavailable
from capsite_client.flow import Alone, Flow, ReadFile, Send, Sleep
from capsite_client.wire import Answer

T = TypeVar("T")


def resume(flow: Any, outcome: Any, error: BaseException | None) -> Any:
    """Tell a flow what came of the thing it asked for, and return the next one."""
    return flow.send(outcome) if error is None else flow.throw(error)


class SyncDriver:
    """Does what flows ask for, one thing after the other; threads may share it."""

    def __init__(self, http: httpx.Client, sleep: Callable[[float], None] = time.sleep) -> None:
        self.http = http
        self._sleep = sleep
        self._alone = threading.Lock()

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return its result."""
        outcome, error = None, None
        while True:
            try:
                effect = resume(flow, outcome, error)
            except StopIteration as stop:
                result: T = stop.value
                return result
            outcome, error = None, None
            try:
                outcome = self.do(effect)
            except BaseException as problem:  # the flow decides, and cleans up after itself
                error = problem

    def do(self, effect: Any) -> Any:
        """Do one thing."""
        if isinstance(effect, Send):
            return self._send(effect)
        if isinstance(effect, Sleep):
            return self._sleep(effect.seconds)
        if isinstance(effect, ReadFile):
            return effect.path.read_bytes()
        if isinstance(effect, Alone):
            with self._alone:
                return self.run(effect.flow)
        raise TypeError(f"A flow asked for {effect!r}.")

    def _send(self, effect: Send) -> Answer:
        ends = time.monotonic() + effect.left
        chunks = []
        try:
            with self.http.stream(**_arguments(effect)) as response:
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    if time.monotonic() > ends:  # it trickles in: never silent, never done
                        raise TimedOut("The time allowed for this call was over mid-answer.")
        except httpx.HTTPError as error:
            raise _unavailable(error) from error
        return _answer(response, b"".join(chunks))


class AsyncDriver:
    """Does what flows ask for without blocking the event loop."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.http = http
        self._sleep = sleep
        self._alone = asyncio.Lock()

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return its result."""
        outcome, error = None, None
        while True:
            try:
                effect = resume(flow, outcome, error)
            except StopIteration as stop:
                result: T = stop.value
                return result
            outcome, error = None, None
            try:
                outcome = await self.do(effect)
            except BaseException as problem:  # a cancellation, too, goes through the flow
                error = problem

    async def do(self, effect: Any) -> Any:
        """Do one thing."""
        if isinstance(effect, Send):
            return await self._send(effect)
        if isinstance(effect, Sleep):
            return await self._sleep(effect.seconds)
        if isinstance(effect, ReadFile):
            return await asyncio.to_thread(effect.path.read_bytes)
        if isinstance(effect, Alone):
            async with self._alone:
                return await self.run(effect.flow)
        raise TypeError(f"A flow asked for {effect!r}.")

    async def _send(self, effect: Send) -> Answer:
        whole = None if effect.left == float("inf") else effect.left
        sending = self.http.request(**_arguments(effect))
        try:
            response = await asyncio.wait_for(sending, whole)
        except httpx.HTTPError as error:
            raise _unavailable(error) from error
        except asyncio.TimeoutError as error:
            raise TimedOut("The time allowed for this call was over mid-answer.") from error
        return _answer(response, response.content)


def _arguments(effect: Send) -> dict[str, Any]:
    """Return the arguments of httpx; patience only lengthens the wait for the answer."""
    silence = min(effect.timeout, effect.left)
    reading = min(effect.timeout + effect.request.patience, effect.left)
    return {
        "method": effect.request.method,
        "url": effect.origin + effect.request.path,
        "headers": dict(effect.request.headers),
        "content": effect.request.content,
        "timeout": httpx.Timeout(silence, read=reading),
        "follow_redirects": False,  # a token goes to the site it is for, and nowhere else
    }


def _answer(response: httpx.Response, body: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, body)


def _unavailable(error: httpx.HTTPError) -> Unavailable:
    if isinstance(error, httpx.TimeoutException):
        return TimedOut("The site took too long to answer.")
    return ConnectionFailed(f"The site could not be reached: {error or type(error).__name__}.")
