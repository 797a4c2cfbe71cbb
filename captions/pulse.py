"""How the worker is, asked once every few seconds for all sockets of this process together."""

import asyncio
import time
from typing import Any

from channels.db import database_sync_to_async

from capsite.common.outage import OUTAGES
from capsite.common.workerstate import worker_state
from gallery.services.jobs import jobs_waiting

FRESH_SECONDS = 2.0

_last: dict[str, Any] = {"state": "away", "waiting": 0}
_asked_at = 0.0
_lock = asyncio.Lock()


async def shared_pulse() -> dict[str, Any]:
    """Return ``{"state", "waiting"}``, at most two seconds old."""
    global _last, _asked_at
    async with _lock:
        if time.monotonic() - _asked_at > FRESH_SECONDS:
            _last = await database_sync_to_async(_ask)()
            _asked_at = time.monotonic()
    return _last


def _ask() -> dict[str, Any]:
    try:
        return {"state": worker_state(), "waiting": jobs_waiting()}
    except OUTAGES:
        return {"state": "away", "waiting": 0}
