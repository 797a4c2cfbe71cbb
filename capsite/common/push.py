"""Socket messages that leave only after the commit they tell of, and never fail their caller."""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from capsite.common.breaker import Breaker
from capsite.common.observing.trail import step

logger = logging.getLogger(__name__)

GALLERY_GROUP = "gallery"
PATIENCE_SECONDS = 2
_breaker = Breaker(seconds=5)


def image_group(image_id: object) -> str:
    """Return the group of those who watch one photo that is not in the public gallery."""
    return f"image.{image_id}"


def user_group(user_id: object) -> str:
    """Return the group of one person's screens."""
    return f"user.{user_id}"


def push_on_commit(groups: Sequence[str], message: dict[str, Any]) -> None:
    """Send ``message`` to every socket in ``groups`` once the current transaction commits."""
    transaction.on_commit(partial(_push, tuple(groups), message))


def _push(groups: tuple[str, ...], message: dict[str, Any]) -> None:
    # Screens re-read the truth when they reconnect, so a push that fails loses nothing.
    if _breaker.open:
        return
    stamped = message | {"committed_at": time.time()}
    try:
        async_to_sync(_send_soon)(groups, stamped)
    except Exception as error:
        _breaker.trip()
        logger.warning("Push of %s failed: %r", message.get("type"), error)
    else:
        named = {name: message[name] for name in ("image", "state") if message.get(name)}
        step("Told open screens.", push=message.get("type"), **named)


async def _send_soon(groups: tuple[str, ...], message: dict[str, Any]) -> None:
    await asyncio.wait_for(_send(groups, message), PATIENCE_SECONDS)


async def _send(groups: tuple[str, ...], message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings/parts/channels.py configures one
    for group in groups:
        await layer.group_send(group, {"type": "deliver", "message": message})
