"""GraphQL over a WebSocket: the graphql-transport-ws protocol on Channels.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import contextlib
import json
import logging
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from graphql import GraphQLError, OperationType

from capsite.common.errors import CapsiteError
from capsite.common.graphql.body import operation_of
from capsite.common.graphql.context import Caller, in_own_thread
from capsite.common.graphql.errors import Refused, formatted, refusal
from capsite.common.graphql.execution import Prepared, prepared, run_alone, stream
from capsite.common.graphql.hub import Hub
from capsite.common.graphql.persisted import completed, remember
from capsite.common.graphql.server import context_for, server
from capsite.common.outage import OUTAGES, outage_error

logger = logging.getLogger(__name__)

PROTOCOL = "graphql-transport-ws"
BAD_MESSAGE, UNAUTHORIZED, WRONG_PROTOCOL = 4400, 4401, 4406
INIT_TIMEOUT, ALREADY_THERE, TOO_MANY_INITS = 4408, 4409, 4429
TRY_LATER = 1013
MOST_OPERATIONS = 50
REJOIN_SECONDS = 3600  # the layer forgets members after a day
LOOK_AGAIN_SECONDS = 300  # the message that a grant has ended can be lost


class GraphQLConsumer(AsyncWebsocketConsumer):
    """One socket, with any number of operations on it."""

    async def connect(self) -> None:
        """Accept whoever speaks the protocol, and wait for ``connection_init``."""
        self.caller: Caller | None = None
        self.operations: dict[str, asyncio.Task[None]] = {}
        self.helpers: list[asyncio.Task[None]] = []
        self.inits = 0
        self.hub = Hub(self.channel_layer, self.channel_name)
        spoken = PROTOCOL in self.scope.get("subprotocols", [])
        await self.accept(PROTOCOL if spoken else None)
        if not spoken:
            await self.close(WRONG_PROTOCOL, "Subprotocol not acceptable")
            return
        self._help(self._expect_init())
        self._help(self._rejoin())

    async def disconnect(self, code: int) -> None:
        """End everything that runs."""
        tasks = [*self.operations.values(), *self.helpers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **_kwargs: Any
    ) -> None:
        """Take one message; anything the protocol does not know closes the socket."""
        most = settings.CAPSITE_GRAPHQL_MAX_BYTES
        try:
            if text_data is None or len(text_data) > most:
                raise ValueError("not a text, or too long a one")
            message = json.loads(text_data)
            handle = _HANDLERS[message["type"]]
            await handle(self, message)
        except (ValueError, KeyError, TypeError, RecursionError):
            await self.close(BAD_MESSAGE, "Invalid message received")

    async def deliver(self, event: dict[str, Any]) -> None:
        """Hand a pushed message to the subscriptions."""
        self.hub.deliver(event["message"])

    async def grant_ended(self, _event: dict[str, Any]) -> None:
        """Close what a revoked token or an ended session opened."""
        await self.close(UNAUTHORIZED, "Unauthorized")

    async def _init(self, message: dict[str, Any]) -> None:
        self.inits += 1
        if self.inits > 1:
            await self.close(TOO_MANY_INITS, "Too many initialisation requests")
            return
        raw = _bearer(message.get("payload"))
        try:
            caller = await in_own_thread(server().caller_of_socket, self.scope, raw)
            await in_own_thread(server().count_socket, caller, "socket")
        except CapsiteError as error:
            refused = UNAUTHORIZED if error.status in (401, 403) else TRY_LATER
            await self.close(refused, error.code)
            return
        except OUTAGES:
            await self.close(TRY_LATER, outage_error().code)
            return
        if raw is not None:
            self._help(self._watch(caller, raw))
        self.caller = caller
        await self._tell({"type": "connection_ack"})

    async def _ping(self, message: dict[str, Any]) -> None:
        payload = message.get("payload")
        await self._tell({"type": "pong"} | ({"payload": payload} if payload else {}))

    async def _pong(self, _message: dict[str, Any]) -> None:
        """Nothing: the client lives."""

    async def _subscribe(self, message: dict[str, Any]) -> None:
        key, payload = _text(message["id"]), message["payload"]
        if not isinstance(payload, dict) or not isinstance(payload.get("query", ""), str):
            raise ValueError("payload is an object with a query")
        if self.caller is None:
            await self.close(UNAUTHORIZED, "Unauthorized")
        elif key in self.operations:
            await self.close(ALREADY_THERE, f"Subscriber for {key[:80]} already exists")
        elif len(self.operations) >= MOST_OPERATIONS:
            text = _("Run at most %(most)d operations at once.") % {"most": MOST_OPERATIONS}
            await self._fail(key, [refusal(CapsiteError("too_many", text, status=429))])
        else:
            self.operations[key] = asyncio.create_task(self._operate(key, payload, self.caller))

    async def _complete(self, message: dict[str, Any]) -> None:
        task = self.operations.pop(_text(message["id"]), None)
        if task is not None:
            task.cancel()

    async def _operate(self, key: str, payload: dict[str, Any], caller: Caller) -> None:
        """Run one operation to its end; the client hears complete, or error, exactly once."""
        try:
            operation = await in_own_thread(_admitted, payload, caller)
            await self._answer(key, operation, caller)
            if self._ended(key):
                await self._tell({"id": key, "type": "complete"})
        except Refused as refused:
            await self._fail(key, [formatted(error) for error in refused.errors])
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # Known errors are shown, and a bug is noted and shown as one, as in any field.
            wrapped = GraphQLError(str(error), original_error=error)
            await self._fail(key, [formatted(wrapped)])

    async def _answer(self, key: str, operation: Prepared, caller: Caller) -> None:
        context = context_for(caller, self.hub)
        if operation.kind != OperationType.SUBSCRIPTION:
            await self._next(key, await run_alone(operation, context))
            return
        async with contextlib.aclosing(stream(operation, context)) as answers:
            async for body in answers:
                await self._next(key, body)

    async def _next(self, key: str, body: dict[str, Any]) -> None:
        if key in self.operations:
            await self._tell({"id": key, "type": "next", "payload": body})

    async def _fail(self, key: str, errors: list[dict[str, Any]]) -> None:
        self._ended(key)
        await self._tell({"id": key, "type": "error", "payload": errors})

    def _ended(self, key: str) -> bool:
        """Forget an operation; true when the client had not ended it before."""
        return self.operations.pop(key, None) is not None

    async def _tell(self, message: dict[str, Any]) -> None:
        await self.send(json.dumps(message, default=str))

    def _help(self, work: Any) -> None:
        self.helpers.append(asyncio.create_task(work))

    async def _expect_init(self) -> None:
        await asyncio.sleep(settings.CAPSITE_GRAPHQL_INIT_SECONDS)
        if not self.inits:
            await self.close(INIT_TIMEOUT, "Connection initialisation timeout")

    async def _rejoin(self) -> None:
        while True:
            await asyncio.sleep(REJOIN_SECONDS)
            with contextlib.suppress(Exception):  # the next hour may fare better
                await self.hub.rejoin()

    async def _watch(self, caller: Caller, raw: str) -> None:
        """Close when the token of ``connection_init`` ends, is revoked or expires."""
        async with self.hub.listening(server().ends(caller), lambda _message: False):
            while await self._stands(raw):
                left = _seconds_left(caller)
                await asyncio.sleep(max(0.05, min(LOOK_AGAIN_SECONDS, left)))
        await self.close(UNAUTHORIZED, "Unauthorized")

    async def _stands(self, raw: str) -> bool:
        try:
            return bool(await in_own_thread(server().stands, raw))
        except Exception as error:  # nothing can be revoked while the database is away
            logger.warning("A socket cannot look at its token: %r", error)
            return True


def _admitted(payload: dict[str, Any], caller: Caller) -> Prepared:
    here = server()
    here.count_socket(caller, "graphql")
    request = completed(operation_of(payload))
    operation = prepared(here.schema, request)
    remember(request)
    here.admit(caller, operation)
    return operation


def _bearer(payload: Any) -> str | None:
    """Return the token in ``{"authorization": "Bearer ..."}``, however the key is written."""
    if payload is None:
        return None
    if not isinstance(payload, dict):
        raise ValueError("payload is an object")
    for name, value in payload.items():
        if name.lower() == "authorization" and isinstance(value, str):
            scheme, _space, raw = value.strip().partition(" ")
            return raw.strip() if scheme.lower() == "bearer" else ""
    return None


def _seconds_left(caller: Caller) -> float:
    ends = caller.grant.expires_at
    return float("inf") if ends is None else (ends - timezone.now()).total_seconds()


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("an id is a text")
    return value


_HANDLERS: dict[str, Any] = {
    "connection_init": GraphQLConsumer._init,
    "ping": GraphQLConsumer._ping,
    "pong": GraphQLConsumer._pong,
    "subscribe": GraphQLConsumer._subscribe,
    "complete": GraphQLConsumer._complete,
}
