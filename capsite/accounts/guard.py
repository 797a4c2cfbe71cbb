"""Watches an open WebSocket and closes it when its grant ends, whatever the consumer does."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import get_channel_layer
from django.utils import timezone

from capsite.accounts.endings import ENDED, grant_group
from capsite.accounts.grant import Grant, person_grant_id
from capsite.common.outage import OUTAGES

logger = logging.getLogger(__name__)

GRANT_ENDED = 4401
# A message can be lost while Redis is away, and the layer forgets members after a day.
LOOK_AGAIN_SECONDS = 300
AFTER_TROUBLE_SECONDS = 5


class Guard:
    """The end of one socket: by message, by the clock, or because the database says so."""

    def __init__(
        self, grant: Grant, *, person_id: object, again: Callable[[], Awaitable[bool]]
    ) -> None:
        """Guard what ``grant`` opened; ``again`` asks the database whether it still stands."""
        self.grant = grant
        self.groups = [grant_group(grant.id), grant_group(person_grant_id(person_id))]
        self.again = again
        self.closed = False
        self.over = False

    async def run(self, application: Any, scope: Any, receive: Any, send: Any) -> None:
        """Run the consumer until it ends or the grant does."""
        if self.grant.kind == "visitor":  # nobody can sign a visitor out
            await application(scope, receive, send)
            return
        self.send = send
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1)
        helpers = [asyncio.create_task(work) for work in (self._listen(receive), self._watch())]
        try:
            await application(scope, self.incoming.get, self._send)
        finally:
            self.closed = self.over = True
            for helper in helpers:
                helper.cancel()
            # A layer that loses its connection while it is cancelled may swallow that.
            await asyncio.wait(helpers, timeout=1)

    async def _listen(self, receive: Any) -> None:
        while True:
            message = await receive()
            self.closed |= message["type"] == "websocket.disconnect"
            await self.incoming.put(message)

    async def _send(self, message: dict[str, Any]) -> None:
        """Pass a consumer's message on; after the end nothing may follow."""
        if self.closed:
            return
        self.closed = message["type"] == "websocket.close"
        await self.send(message)

    async def _watch(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        try:
            while await self._stands_after_joining(layer, channel):
                if self.over or await self._told_within_patience(layer, channel):
                    break
            await self._end()
        finally:
            with contextlib.suppress(Exception):  # the layer may be what failed
                for group in self.groups:
                    await layer.group_discard(group, channel)

    async def _stands_after_joining(self, layer: Any, channel: str) -> bool:
        """Join first and ask then, so that no end falls between the two."""
        try:
            for group in self.groups:
                await layer.group_add(group, channel)
        except Exception as error:
            logger.warning("A socket could not join the group of its grant: %r", error)
        if self._seconds_left() <= 0:
            return False
        try:
            return await self.again()
        except OUTAGES:  # nothing can be signed out of while the database is away
            return True

    async def _told_within_patience(self, layer: Any, channel: str) -> bool:
        """Wait for the message; false when it is time to look again."""
        patience = max(0.05, min(LOOK_AGAIN_SECONDS, self._seconds_left()))
        try:
            message = await asyncio.wait_for(layer.receive(channel), patience)
        except TimeoutError:
            return False
        except Exception as error:
            logger.warning("A socket cannot hear of the end of its grant: %r", error)
            await asyncio.sleep(min(AFTER_TROUBLE_SECONDS, patience))
            return False
        return bool(message.get("type") == ENDED)

    def _seconds_left(self) -> float:
        if self.grant.expires_at is None:
            return float("inf")
        return (self.grant.expires_at - timezone.now()).total_seconds()

    async def _end(self) -> None:
        if self.over:
            return
        await self._send({"type": "websocket.close", "code": GRANT_ENDED})
        await self.incoming.put({"type": "websocket.disconnect", "code": GRANT_ENDED})
