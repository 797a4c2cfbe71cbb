"""What one operation knows: who asks, with what grant, and the rows it has loaded so far."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from channels.db import database_sync_to_async
from graphene.utils.dataloader import DataLoader


@dataclass(frozen=True)
class Caller:
    """Who asks and what they may; ``by_session`` when a browser's cookie says so."""

    person: Any
    grant: Any
    address: str = ""
    by_session: bool = False


@dataclass
class Context:
    """``info.context`` of one operation; a subscription gets a fresh one for each event."""

    caller: Caller
    require: Callable[[str], None]  # refuses a mutation that the grant or a limit does not allow
    events: Any = None  # where subscriptions hear of changes; None over HTTP
    loaders: dict[Hashable, DataLoader] = field(default_factory=dict)

    @property
    def person(self) -> Any:
        """Return who asks: a user or an AnonymousUser."""
        return self.caller.person

    def fresh(self) -> "Context":
        """Return the same context with nothing loaded."""
        return replace(self, loaders={})


async def in_thread(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run what reads or writes the database in the request's thread."""
    return await sync_to_async(work)(*args, **kwargs)


async def in_own_thread(work: Callable[..., Any], *args: Any) -> Any:
    """Do the same outside a request, where no thread and no connection may be left behind."""
    async with ThreadSensitiveContext():
        return await database_sync_to_async(work)(*args)


def loader(
    info: Any, name: Hashable, batch: Callable[[list[Any]], dict[Any, Any]], missing: Any = None
) -> DataLoader:
    """Return this operation's loader called ``name``.

    ``batch`` gets every key asked for at once and returns what it found by key.
    """
    loaders = info.context.loaders
    if name not in loaders:

        async def load(keys: Iterable[Any]) -> list[Any]:
            wanted = list(keys)
            found = await in_thread(batch, wanted)
            return [found.get(key, missing) for key in wanted]

        loaders[name] = DataLoader(load)
    return loaders[name]


async def loaded(
    info: Any, name: Hashable, key: Any, batch: Callable[[list[Any]], dict[Any, Any]]
) -> Any:
    """Load one key, or None where there is none."""
    return None if key is None else await loader(info, name, batch).load(key)
