"""Makes methods of operations: blocking ones, awaited ones, lists and subscriptions.

A method has the signature and the words of its operation, less the site.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from capsite_client.drivers import AsyncDriver, SyncDriver
from capsite_client.engine import Site
from capsite_client.flow import Flow
from capsite_client.listing import AsyncPages, Listing, Pages
from capsite_client.sockets import events, events_async
from capsite_client.subscriptions import Subscription

P = ParamSpec("P")
T = TypeVar("T")


class SyncPart:
    """What blocking methods need."""

    def __init__(self, site: Site, driver: SyncDriver) -> None:
        self.site = site
        self.driver = driver


class AsyncPart:
    """What awaited methods need."""

    def __init__(self, site: Site, driver: AsyncDriver) -> None:
        self.site = site
        self.driver = driver


def blocking(
    operation: Callable[Concatenate[Site, P], Flow[T]],
) -> Callable[Concatenate[SyncPart, P], T]:
    """Make a method that returns when the call is over."""

    @wraps(operation)
    def method(self: SyncPart, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.driver.run(operation(self.site, *args, **kwargs))

    return method


def awaited(
    operation: Callable[Concatenate[Site, P], Flow[T]],
) -> Callable[Concatenate[AsyncPart, P], Awaitable[T]]:
    """Make a method to be awaited."""

    @wraps(operation)
    async def method(self: AsyncPart, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.driver.run(operation(self.site, *args, **kwargs))

    return method


def paged(
    operation: Callable[Concatenate[Site, P], Listing[T]],
) -> Callable[Concatenate[SyncPart, P], Pages[T]]:
    """Make a method that returns what ``for`` reads page after page."""

    @wraps(operation)
    def method(self: SyncPart, /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return Pages(operation(self.site, *args, **kwargs), self.driver)

    return method


def paged_async(
    operation: Callable[Concatenate[Site, P], Listing[T]],
) -> Callable[Concatenate[AsyncPart, P], AsyncPages[T]]:
    """Make a method that returns what ``async for`` reads page after page."""

    @wraps(operation)
    def method(self: AsyncPart, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(operation(self.site, *args, **kwargs), self.driver)

    return method


def streamed(
    operation: Callable[Concatenate[Site, P], Subscription[T]],
) -> Callable[Concatenate[SyncPart, P], Iterator[T]]:
    """Make a method that returns what ``for`` waits on."""

    @wraps(operation)
    def method(self: SyncPart, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return events(operation(self.site, *args, **kwargs), self.driver)

    return method


def streamed_async(
    operation: Callable[Concatenate[Site, P], Subscription[T]],
) -> Callable[Concatenate[AsyncPart, P], AsyncIterator[T]]:
    """Make a method that returns what ``async for`` waits on."""

    @wraps(operation)
    def method(self: AsyncPart, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return events_async(operation(self.site, *args, **kwargs), self.driver)

    return method
