"""The gallery socket: joins groups, checks access, passes messages on; holds no logic."""

import asyncio
import contextlib
import logging
from itertools import count
from typing import Any, cast
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from capsite.accounts.scopes import Scope
from capsite.common.errors import CapsiteError
from capsite.common.outage import OUTAGES, outage_error
from capsite.common.push import GALLERY_GROUP, image_group, user_group
from captions.access import may_moderate
from captions.pulse import shared_pulse
from captions.services.moderation import MODERATORS_GROUP, cases_open_count
from gallery.access import Person, image_for

logger = logging.getLogger(__name__)

PULSE_SECONDS = 5
MAX_WATCHED = 50
NOT_ALLOWED = 4403
# The layer forgets members after a day (group_expiry); a screen may stay open longer.
REJOIN_BEATS = 3600 // PULSE_SECONDS


class GalleryConsumer(AsyncJsonWebsocketConsumer):
    """One open screen."""

    async def connect(self) -> None:
        """Join the gallery and the person's own group, then say how the worker is."""
        if not self._may_read:
            await self.accept()  # a refused handshake would tell no code
            await self.close(NOT_ALLOWED)
            return
        self.joined: set[str] = {GALLERY_GROUP}
        if self._person.is_authenticated:
            self.joined.add(user_group(self._person.pk))
        moderates = await self._moderates()
        if moderates:
            self.joined.add(MODERATORS_GROUP)
        await self._join()
        await self.accept()
        self.worker = await shared_pulse()
        hello: dict[str, Any] = {"type": "hello", "worker": self.worker}
        if moderates:  # what was missed while this screen was away
            hello["open"] = await database_sync_to_async(cases_open_count)()
        await self.send_json(hello)
        self.beat = asyncio.create_task(self._follow_worker())

    async def disconnect(self, code: int) -> None:
        """Leave every group."""
        if hasattr(self, "beat"):
            self.beat.cancel()
        with contextlib.suppress(Exception):  # the layer may be what broke the connection
            for group in getattr(self, "joined", ()):
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Refuse what is not JSON with one clear error, and keep the socket open."""
        try:
            content = await self.decode_json(text_data or "")
        except ValueError:
            await self._refuse("bad_message", "A message is one JSON object with a type.")
            return
        await self.receive_json(content)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Answer ``watch``, ``unwatch`` and ``ping``."""
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "ping":
            await self.send_json({"type": "pong"})
        elif kind == "watch":
            await self._watch(str(content.get("image", "")))
        elif kind == "unwatch":
            await self._unwatch(str(content.get("image", "")))
        else:
            await self._refuse("bad_message", "The type is one of: watch, unwatch, ping.")

    async def deliver(self, event: dict[str, Any]) -> None:
        """Pass a pushed message on as it is; of a photo that is gone or private now, the last."""
        message = event["message"]
        await self.send_json(message)
        logger.debug("Told a screen of %s %s", message["type"], message.get("image", ""))
        if message["type"] == "image.removed":
            await self._unwatch(message["image"])

    @property
    def _person(self) -> Person:
        return cast(Person, self.scope["user"])

    @property
    def _may_read(self) -> bool:
        """A token may have been made for something else than reading."""
        grant: Any = self.scope.get("grant")
        return grant is None or Scope.CAPTIONS_READ in grant.scopes

    async def _moderates(self) -> bool:
        """Whoever may moderate hears of cases, and a token of theirs where it was made for that."""
        grant: Any = self.scope.get("grant")
        if not self._person.is_authenticated:
            return False
        if grant is not None and Scope.MODERATION not in grant.scopes:
            return False
        return await database_sync_to_async(may_moderate)(self._person)

    async def _watch(self, image: str) -> None:
        try:
            image_id = UUID(image)
            await database_sync_to_async(image_for)(self._person, image_id)
        except ValueError:
            await self._refuse("bad_id", "image is the id of a photo.")
        except CapsiteError as error:
            await self._refuse(error.code, error.message)
        except OUTAGES:
            await self._refuse("database_away", outage_error().message)
        else:
            await self._watch_group(image_group(image_id))

    async def _watch_group(self, group: str) -> None:
        if len(self.joined) >= MAX_WATCHED:
            await self._refuse("too_many", f"Watch at most {MAX_WATCHED} photos at once.")
            return
        self.joined.add(group)
        await self.channel_layer.group_add(group, self.channel_name)

    async def _unwatch(self, image: str) -> None:
        group = image_group(image)
        if group in self.joined:
            self.joined.remove(group)
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _refuse(self, code: str, message: str) -> None:
        await self.send_json({"type": "error", "code": code, "message": message})

    async def _join(self) -> None:
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)

    async def _follow_worker(self) -> None:
        """Tell this screen when the worker comes or goes, and stay a member of our groups."""
        for beat in count(1):
            await asyncio.sleep(PULSE_SECONDS)
            try:
                await self._one_beat(rejoin=beat % REJOIN_BEATS == 0)
            except Exception as error:  # the next beat may fare better; the socket goes on
                logger.warning("A screen's beat failed: %r", error)

    async def _one_beat(self, *, rejoin: bool) -> None:
        seen = await shared_pulse()
        if seen["state"] != self.worker["state"] or seen["state"] == "away":
            await self.send_json({"type": "worker"} | seen)
        self.worker = seen
        if rejoin:
            await self._join()
