"""From a text to a result: parsed and validated once, measured each time, then run."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import isawaitable
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.db import close_old_connections
from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.subscribe import create_source_event_stream

from capsite.common.errors import CapsiteError
from capsite.common.graphql.context import Context, in_thread
from capsite.common.graphql.errors import Refused, formatted
from capsite.common.graphql.limits import measure_checked, size_checked

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str | None = None
    extensions: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """An operation that may run, as far as its text says."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    cost: int

    @property
    def kind(self) -> OperationType:
        """Return whether it is a query, a mutation or a subscription."""
        return self.operation.operation

    @property
    def name(self) -> str | None:
        """Return the operation's name, where it has one."""
        return self.operation.name.value if self.operation.name else None


def prepared(schema: GraphQLSchema, request: Request) -> Prepared:
    """Parse, validate and measure; raises Refused or CapsiteError, and nothing has run then."""
    document = _document(schema, request.query)
    operation = get_operation_ast(document, request.operation)
    if operation is None:
        message = _("Name the operation to run with operationName.")
        raise CapsiteError("operation_unknown", message, field="operationName")
    measure = measure_checked(schema, document, operation, request.variables)
    return Prepared(schema, document, operation, request.variables, measure.cost)


@lru_cache(maxsize=256)
def _document(schema: GraphQLSchema, query: str) -> DocumentNode:
    """Return the parsed document; texts that were fine once are not read again."""
    most = settings.CAPSITE_GRAPHQL_MAX_TOKENS
    try:
        document = parse(query, max_lexical_tokens=most)
        size_checked(document)
        errors = validate(schema, document, max_errors=20)
    except GraphQLError as error:
        raise Refused([error]) from error
    except RecursionError:
        message = _("This document is nested too deeply to be read.")
        raise CapsiteError("query_too_deep", message) from None
    if errors:
        raise Refused(errors)
    return document


async def run(operation: Prepared, context: Context, root: Any = None) -> dict[str, Any]:
    """Run a query or a mutation, or answer one event of a subscription."""
    result = execute(
        operation.schema,
        operation.document,
        root_value=root,
        context_value=context,
        variable_values=operation.variables,
        operation_name=operation.name,
    )
    try:
        async with asyncio.timeout(settings.CAPSITE_GRAPHQL_SECONDS):
            return answer(await result if isawaitable(result) else result)
    except TimeoutError:
        message = _("This took longer than %(seconds)d seconds. Ask for less at once.")
        named = {"seconds": settings.CAPSITE_GRAPHQL_SECONDS}
        raise CapsiteError("query_timeout", message % named, status=503) from None


async def run_alone(operation: Prepared, context: Context, root: Any = None) -> dict[str, Any]:
    """Run outside a request: in a thread, and with a connection, that end with the answer."""
    async with ThreadSensitiveContext():
        try:
            return await run(operation, context, root)
        finally:
            await in_thread(close_old_connections)


async def stream(operation: Prepared, context: Context) -> AsyncGenerator[dict[str, Any], None]:
    """Run a subscription: one answer for each event, each with fresh eyes."""
    source = await create_source_event_stream(
        operation.schema,
        operation.document,
        context_value=context,
        variable_values=operation.variables,
        operation_name=operation.name,
    )
    if isinstance(source, ExecutionResult):
        raise Refused(source.errors or [GraphQLError(_("The subscription could not begin."))])
    try:
        async for event in source:
            yield await run_alone(operation, context.fresh(), event)
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()


def answer(result: ExecutionResult) -> dict[str, Any]:
    """Return a result as it is sent, its errors translated."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [formatted(error) for error in result.errors]
    return body | {"data": result.data}
