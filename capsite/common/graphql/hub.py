"""Passes what the channel layer tells one socket to those of its subscriptions that want it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError

MOST_WAITING = 200
Message = dict[str, Any]


class Inbox:
    """One subscription's messages; bounded, and closed when its reader falls behind."""

    def __init__(self, wanted: Callable[[Message], bool]) -> None:
        self._wanted = wanted
        self._waiting: asyncio.Queue[Message | None] = asyncio.Queue(MOST_WAITING + 1)

    def put(self, message: Message) -> None:
        """Keep a message that is wanted; the one too many ends the subscription."""
        if not self._wanted(message) or self._waiting.qsize() > MOST_WAITING:
            return
        self._waiting.put_nowait(message if self._waiting.qsize() < MOST_WAITING else None)

    async def messages(self) -> AsyncIterator[Message]:
        """Return the messages as they come."""
        while (message := await self._waiting.get()) is not None:
            yield message
        sentence = _("You read more slowly than things happen. Subscribe again.")
        raise CapsiteError("fell_behind", sentence, status=503)


class Hub:
    """One socket's groups, joined once however many of its subscriptions want them."""

    def __init__(self, layer: Any, channel: str) -> None:
        self._layer, self._channel = layer, channel
        self._joined: Counter[str] = Counter()
        self._inboxes: set[Inbox] = set()

    @contextlib.asynccontextmanager
    async def listening(
        self, groups: Sequence[str], wanted: Callable[[Message], bool]
    ) -> AsyncIterator[AsyncIterator[Message]]:
        """Hear of ``groups`` while the block runs; what happens in it is not missed."""
        inbox = Inbox(wanted)
        self._inboxes.add(inbox)
        self._joined.update(groups)
        try:
            for group in groups:
                await self._layer.group_add(group, self._channel)
            yield inbox.messages()
        finally:
            self._inboxes.discard(inbox)
            self._joined.subtract(groups)
            await self._leave([group for group in groups if self._joined[group] <= 0])

    def deliver(self, message: Message) -> None:
        """Hand a message to every subscription."""
        for inbox in self._inboxes:
            inbox.put(message)

    async def rejoin(self) -> None:
        """Join again: the layer forgets members after a day."""
        for group in list(+self._joined):
            await self._layer.group_add(group, self._channel)

    async def _leave(self, groups: Sequence[str]) -> None:
        with contextlib.suppress(Exception):  # the layer may be what broke the connection
            for group in groups:
                await self._layer.group_discard(group, self._channel)
