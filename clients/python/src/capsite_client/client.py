"""The client whose methods block."""

import time
from collections.abc import Callable
from copy import copy
from types import TracebackType

import httpx

from capsite_client.auth import Auth
from capsite_client.backoff import Backoff
from capsite_client.bindings import SyncPart, blocking, paged, streamed
from capsite_client.breaker import Breakers
from capsite_client.cache import CaptionCache
from capsite_client.drivers import SyncDriver
from capsite_client.operations import about, albums, batches, captioning, feeds
from capsite_client.operations import annotations as texts
from capsite_client.operations import images as photos
from capsite_client.operations import jobs as work
from capsite_client.operations import webhooks as hooks
from capsite_client.settings import HEADERS, site_at


class Albums(SyncPart):
    """``client.albums``: photos that somebody put together."""

    list = paged(albums.listed)
    images = paged(albums.images)
    get = blocking(albums.get)
    create = blocking(albums.create)
    update = blocking(albums.update)
    delete = blocking(albums.delete)
    add = blocking(albums.add)
    remove = blocking(albums.remove)
    move = blocking(albums.move)


class Webhooks(SyncPart):
    """``client.webhooks``: addresses that the site calls when something happens."""

    list = paged(hooks.listed)
    get = blocking(hooks.get)
    create = blocking(hooks.create)
    update = blocking(hooks.update)
    delete = blocking(hooks.delete)
    ping = blocking(hooks.ping)
    rotate_secret = blocking(hooks.rotate_secret)
    deliveries = paged(hooks.deliveries)
    resend = blocking(hooks.resend)


class Client(SyncPart):
    """A site, and what it can do for you; threads may share it. Close it, or use it with ``with``.

    ``auth`` is a personal token or an Auth, ``timeout`` the longest silence of one attempt and
    ``deadline`` the time for a whole call in seconds, ``locale`` the language of the site's
    messages, ``http`` an httpx.Client of your own (proxies, certificates), which stays open.
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
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
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
        super().__init__(site, SyncDriver(http or httpx.Client(headers=HEADERS), sleep))

    def within(self, seconds: float | None) -> "Client":
        """Return this client with another time allowed for each whole call."""
        other = copy(self)
        other.site = self.site.within(seconds)
        return other

    def close(self) -> None:
        """Close the connections."""
        if self._owned:
            self.driver.http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def albums(self) -> Albums:
        """Albums: list, images, get, create, update, delete, add, remove, move."""
        return Albums(self.site, self.driver)

    @property
    def webhooks(self) -> Webhooks:
        """Webhooks: list, get, create, update, delete, ping, rotate_secret, deliveries, resend."""
        return Webhooks(self.site, self.driver)

    caption = blocking(captioning.caption)
    batch = blocking(batches.batch)
    batch_status = blocking(batches.batch_status)
    ask = blocking(photos.ask)
    jobs = paged(work.jobs)
    job = blocking(work.job)
    retry = blocking(work.retry)
    wait = blocking(work.wait_for)

    images = paged(photos.images)
    image = blocking(photos.image)
    update_image = blocking(photos.update_image)
    delete_image = blocking(photos.delete_image)
    search = paged(photos.search)
    captions = paged(photos.captions)
    read_caption = blocking(photos.read_caption)
    vote = blocking(photos.vote)
    withdraw_vote = blocking(photos.withdraw_vote)
    heatmap = blocking(photos.heatmap)

    annotations = paged(texts.annotations)
    annotation = blocking(texts.annotation)
    edit = blocking(texts.edit)
    promote = blocking(texts.promote)
    revisions = paged(texts.revisions)
    revert = blocking(texts.revert)

    languages = blocking(about.languages)
    strategies = blocking(about.strategies)
    models = paged(about.models)
    statistics = blocking(about.statistics)
    me = blocking(about.me)
    my_votes = paged(about.my_votes)

    subscribe = streamed(feeds.subscribe)
    image_feed = streamed(feeds.image_feed)
    caption_updates = streamed(feeds.caption_updates)
    job_progress = streamed(feeds.job_progress)
