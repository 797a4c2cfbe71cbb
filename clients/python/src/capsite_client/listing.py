"""Lists that come in pages, read only as far as somebody iterates."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from capsite_client.drivers import AsyncDriver, SyncDriver
from capsite_client.engine import Site, call
from capsite_client.errors import AnswerInvalid
from capsite_client.flow import Flow
from capsite_client.parsing import parse
from capsite_client.wire import Query, get

T = TypeVar("T")


@dataclass(frozen=True)
class Listing(Generic[T]):
    """What to list: where it begins, and what its members are."""

    site: Site
    kind: type[T]
    path: str
    query: Query


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page, and the path of the next ("" after the last)."""

    results: tuple[T, ...]
    next: str = ""


def read_page(listing: Listing[T], path: str = "") -> Flow[Page[T]]:
    """Read the page at a path, or the first; each page has the whole time of a call."""
    request = get(path) if path else get(listing.path, listing.query)
    answer = yield from call(listing.site, request)
    body = answer.object()
    results = body.get("results")
    if not isinstance(results, list):
        raise AnswerInvalid("A page of the site has no results.", status=answer.status)
    members = tuple(parse(listing.kind, item) for item in results)
    return Page(members, _path_of(body.get("next")))


def _path_of(address: Any) -> str:
    """Keep path and query of an address: behind a proxy the site may not know its own name."""
    if not isinstance(address, str) or not address:
        return ""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Pages(Generic[T]):
    """Iterate to get every member; each iteration begins anew."""

    def __init__(self, listing: Listing[T], driver: SyncDriver) -> None:
        self._listing = listing
        self._driver = driver

    def __iter__(self) -> Iterator[T]:
        """Give the members, asking for a page when the one before is used up."""
        for page in self.by_page():
            yield from page.results

    def by_page(self) -> Iterator[Page[T]]:
        """Give page after page."""
        page = self._driver.run(read_page(self._listing))
        yield page
        while page.next:
            page = self._driver.run(read_page(self._listing, page.next))
            yield page


class AsyncPages(Generic[T]):
    """Iterate with ``async for`` to get every member; each iteration begins anew."""

    def __init__(self, listing: Listing[T], driver: AsyncDriver) -> None:
        self._listing = listing
        self._driver = driver

    async def __aiter__(self) -> AsyncIterator[T]:
        """Give the members, asking for a page when the one before is used up."""
        async for page in self.by_page():
            for member in page.results:
                yield member

    async def by_page(self) -> AsyncIterator[Page[T]]:
        """Give page after page."""
        page = await self._driver.run(read_page(self._listing))
        yield page
        while page.next:
            page = await self._driver.run(read_page(self._listing, page.next))
            yield page
