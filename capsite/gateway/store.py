"""The counters of all processes in Redis, by the sliding window counter of ``limits``."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import NoScriptError
from redis.retry import Retry

from capsite.common.breaker import Breaker
from capsite.common.redisclient import REDIS_AWAY, is_cluster, redis_client
from capsite.gateway.windows import Limit, Window

logger = logging.getLogger(__name__)

BREAK_SECONDS = 5
PATIENCE_SECONDS = 0.5
_breaker = Breaker(BREAK_SECONDS)


class StoreAway(Exception):
    """Redis cannot be asked, or could not a moment ago."""


def take(limits: Sequence[Limit], cost: int) -> tuple[bool, list[Window]]:
    """Count ``cost`` requests if every limit allows it; return whether, and what is left of each.

    Raises StoreAway. What one limit refuses is counted by none.
    """
    if _breaker.open:
        raise StoreAway
    try:
        return _taken(limits, cost)
    except REDIS_AWAY as error:
        _breaker.trip()
        logger.warning("Rate limits cannot be counted while Redis is away: %r", error)
        raise StoreAway from error


def peek(limits: Sequence[Limit]) -> list[Window]:
    """Return what is left of each limit, and count nothing. Raises StoreAway."""
    if _breaker.open:
        raise StoreAway
    try:
        return _windows(limits)
    except REDIS_AWAY as error:
        _breaker.trip()
        raise StoreAway from error


def take_here(name: str, key: str) -> Window | None:
    """Count one request in this process alone, where a rate is set; return the window if full."""
    rate = settings.CAPSITE_RATES_WITHOUT_REDIS.get(name)
    if rate is None:
        return None
    item = parse(rate)
    if SlidingWindowCounterRateLimiter(_memory()).hit(item, key):
        return None
    limit = Limit(f"{name}-{item.get_expiry()}", key, item.amount, item.get_expiry())
    return Window(limit, *_memory().get_sliding_window(item.key_for(key), item.get_expiry()))


def violations(identity: str) -> int:
    """Count one more refusal; return how many there were in the running period."""
    try:
        key = f"{_prefix()}:violations/{identity}"
        return int(_store().add([key], [settings.CAPSITE_RATE_VIOLATION_SECONDS, 1]))
    except REDIS_AWAY:
        return 0


def _taken(limits: Sequence[Limit], cost: int) -> tuple[bool, list[Window]]:
    windows = _windows(limits)
    if any(window.wait(min(cost, window.limit.quota)) for window in windows):
        return False, windows
    wanted = [[limit.quota, limit.seconds, min(cost, limit.quota)] for limit in limits]
    if all(_run(_store().take, limits, wanted)):
        return True, [window.taken(cost) for window in windows]
    return False, _windows(limits)  # others took what was left in between


def _windows(limits: Sequence[Limit]) -> list[Window]:
    rows = _run(_store().look, limits, [[limit.seconds] for limit in limits])
    return [_window(limit, *row) for limit, row in zip(limits, rows, strict=True)]


def _run(script: Script, limits: Sequence[Limit], wanted: Sequence[Sequence[int]]) -> list[Any]:
    """Run a script of ``limits`` once for each limit, in one round trip.

    Script objects in a pipeline would first ask whether the server has the script, each time.
    """
    client = _store().client
    pairs = list(zip(limits, wanted, strict=True))
    if is_cluster(client):  # whose pipelines take no scripts
        return [script(_keys(limit), arguments) for limit, arguments in pairs]
    with client.pipeline(transaction=False) as pipeline:
        for limit, arguments in pairs:
            pipeline.evalsha(script.sha, 2, *_keys(limit), *arguments)
        try:
            return pipeline.execute()
        except NoScriptError:  # a server that was started since
            client.script_load(script.script)
            return _run(script, limits, wanted)


def _window(limit: Limit, previous: Any, previous_ms: int, current: Any, current_ms: int) -> Window:
    return Window(
        limit,
        int(previous or 0),
        max(0, previous_ms or 0) / 1000,
        int(current or 0),
        max(0, current_ms or 0) / 1000,
    )


def _keys(limit: Limit) -> list[str]:
    """Return the names of a limit's two counters; braces keep them on one node of a cluster."""
    current = f"{_prefix()}:{{{limit.key}/{limit.seconds}}}"
    return [f"{current}/-1", current]


def _prefix() -> str:
    return f"{settings.CACHES['default']['KEY_PREFIX']}:rate"


@dataclass(frozen=True)
class _Store:
    """A client, and the scripts of ``limits`` that it has been told."""

    client: Redis
    look: Script
    take: Script
    add: Script


def _store() -> _Store:
    return _opened(settings.REDIS_URL)


@cache
def _memory() -> MemoryStorage:
    return MemoryStorage()


@cache
def _opened(url: str) -> _Store:
    client = redis_client(
        url,
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 1),  # once: a restarted server leaves dead connections
    )
    return _Store(
        client,
        look=client.register_script(RedisStorage.SCRIPT_SLIDING_WINDOW),
        take=client.register_script(RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW),
        add=client.register_script(RedisStorage.SCRIPT_INCR_EXPIRE),
    )
