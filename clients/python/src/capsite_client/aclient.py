"""The client whose methods are awaited."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy
from types import TracebackType

import httpx

from capsite_client.auth import Auth
from capsite_client.backoff import Backoff
from capsite_client.bindings import AsyncPart, awaited, paged_async, streamed_async
from capsite_client.breaker import Breakers
from capsite_client.cache import CaptionCache
from capsite_client.drivers import AsyncDriver
from capsite_client.operations import about, albums, batches, captioning, feeds
from capsite_client.operations import annotations as texts
from capsite_client.operations import images as photos
from capsite_client.operations import jobs as work
from capsite_client.operations import webhooks as hooks
from capsite_client.settings import HEADERS, site_at


class AsyncAlbums(AsyncPart):
    """``client.albums``: photos that somebody put together."""

    list = paged_async(albums.listed)
    images = paged_async(albums.images)
    get = awaited(albums.get)
    create = awaited(albums.create)
    update = awaited(albums.update)
    delete = awaited(albums.delete)
    add = awaited(albums.add)
    remove = awaited(albums.remove)
    move = awaited(albums.move)


class AsyncWebhooks(AsyncPart):
    """``client.webhooks``: addresses that the site calls when something happens."""

    list = paged_async(hooks.listed)
    get = awaited(hooks.get)
    create = awaited(hooks.create)
    update = awaited(hooks.update)
    delete = awaited(hooks.delete)
    ping = awaited(hooks.ping)
    rotate_secret = awaited(hooks.rotate_secret)
    deliveries = paged_async(hooks.deliveries)
    resend = awaited(hooks.resend)


class AsyncClient(AsyncPart):
    """A site, and what it can do for you; close it, or use it with ``async with``.

    ``auth`` is a personal token or an Auth, ``timeout`` the longest silence of one attempt and
    ``deadline`` the time for a whole call in seconds, ``locale`` the language of the site's
    messages, ``http`` an httpx.AsyncClient of your own (proxies, certificates), which stays open.
    """

    def __init__(
        self,
        address: str,
        *,
        auth: Auth | str | None = None,
        timeout: float = 10.0,
        deadline: float | None = 120.0,
        backoff: Backoff | None = None,
        breakers: Breakers | None = None,
        cache: CaptionCache | None = None,
        locale: str = "",
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        site = site_at(
            address,
            auth=auth,
            timeout=timeout,
            deadline=deadline,
            backoff=backoff,
            breakers=breakers,
            cache=cache,
            locale=locale,
        )
        self._owned = http is None
        super().__init__(site, AsyncDriver(http or httpx.AsyncClient(headers=HEADERS), sleep))

    def within(self, seconds: float | None) -> "AsyncClient":
        """Return this client with another time allowed for each whole call."""
        other = copy(self)
        other.site = self.site.within(seconds)
        return other

    async def aclose(self) -> None:
        """Close the connections."""
        if self._owned:
            await self.driver.http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def albums(self) -> AsyncAlbums:
        """Albums: list, images, get, create, update, delete, add, remove, move."""
        return AsyncAlbums(self.site, self.driver)

    @property
    def webhooks(self) -> AsyncWebhooks:
        """Webhooks: list, get, create, update, delete, ping, rotate_secret, deliveries, resend."""
        return AsyncWebhooks(self.site, self.driver)

    caption = awaited(captioning.caption)
    batch = awaited(batches.batch)
    batch_status = awaited(batches.batch_status)
    ask = awaited(photos.ask)
    jobs = paged_async(work.jobs)
    job = awaited(work.job)
    retry = awaited(work.retry)
    wait = awaited(work.wait_for)

    images = paged_async(photos.images)
    image = awaited(photos.image)
    update_image = awaited(photos.update_image)
    delete_image = awaited(photos.delete_image)
    search = paged_async(photos.search)
    captions = paged_async(photos.captions)
    read_caption = awaited(photos.read_caption)
    vote = awaited(photos.vote)
    withdraw_vote = awaited(photos.withdraw_vote)
    heatmap = awaited(photos.heatmap)

    annotations = paged_async(texts.annotations)
    annotation = awaited(texts.annotation)
    edit = awaited(texts.edit)
    promote = awaited(texts.promote)
    revisions = paged_async(texts.revisions)
    revert = awaited(texts.revert)

    languages = awaited(about.languages)
    strategies = awaited(about.strategies)
    models = paged_async(about.models)
    statistics = awaited(about.statistics)
    me = awaited(about.me)
    my_votes = paged_async(about.my_votes)

    subscribe = streamed_async(feeds.subscribe)
    image_feed = streamed_async(feeds.image_feed)
    caption_updates = streamed_async(feeds.caption_updates)
    job_progress = streamed_async(feeds.job_progress)
