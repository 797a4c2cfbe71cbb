"""Tells sockets that the grant which opened them has ended, once that is committed."""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2
ENDED = "grant.ended"


def grant_group(grant_id: str) -> str:
    """Return the channel group of every socket that a grant opened."""
    return "grant." + grant_id.replace(":", ".")


def grants_end_on_commit(ids: Iterable[str]) -> None:
    """Send ``grant.ended`` to the sockets of these grants once the transaction commits."""
    ended = tuple(ids)
    if ended:
        transaction.on_commit(partial(_tell, ended))


def _tell(ids: tuple[str, ...]) -> None:
    # A message that is lost only delays the end: sockets also look at the database by themselves.
    try:
        async_to_sync(_send_soon)(ids)
    except Exception as error:
        logger.warning("Could not tell sockets that their grant ended: %r", error)


async def _send_soon(ids: tuple[str, ...]) -> None:
    await asyncio.wait_for(_send(ids), PATIENCE_SECONDS)


async def _send(ids: tuple[str, ...]) -> None:
    layer = get_channel_layer()
    assert layer is not None  # settings/parts/channels.py configures one
    for grant_id in ids:
        await layer.group_send(grant_group(grant_id), {"type": ENDED, "grant": grant_id})
