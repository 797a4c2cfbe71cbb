"""Relay's global ids: every node has one; arguments take it or the bare UUID that REST shows."""

import binascii
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from graphene import ID, Field, relay
from graphql_relay import from_global_id

from capsite.common.errors import CapsiteError, NotFound
from capsite.common.graphql.context import in_thread


def uuid_of(given: str, kind: str, field: str = "id") -> UUID:
    """Return the UUID in a global id of ``kind``, or in a bare UUID; CapsiteError for others."""
    try:
        return UUID(given)
    except ValueError:
        pass
    try:
        found, raw = _split(given)
        if found == kind:
            return UUID(raw)
    except ValueError:
        pass
    message = _("'%(given)s' is not the id of a %(kind)s.")
    raise CapsiteError("bad_id", message % {"given": given[:80], "kind": kind}, field=field)


def _split(given: str) -> tuple[str, str]:
    try:
        kind, raw = from_global_id(given)
    except (binascii.Error, UnicodeError) as error:
        raise ValueError(given) from error
    return kind, raw


async def node_of(info: Any, given: str) -> Any:
    """Return the object with a global id, provided that the person may see it."""
    try:
        kind, raw = _split(given)
        named = info.schema.get_type(kind)
        graphene_type = named.graphene_type if named else None
    except (ValueError, AttributeError):
        graphene_type = None
    get_node = getattr(graphene_type, "get_node", None)
    if get_node is None:
        raise CapsiteError("bad_id", _("This is not the id of anything here."), field="id")
    try:
        found = await in_thread(get_node, info, raw)
    except ValueError as error:
        raise NotFound(_("There is nothing with this id.")) from error
    if found is None:
        raise NotFound(_("There is nothing with this id."))
    return found


def node_field() -> Field:
    """Return the root field ``node(id)``."""

    async def resolve(_root: Any, info: Any, id: str) -> Any:
        return await node_of(info, id)

    return Field(
        relay.Node,
        id=ID(required=True),
        resolver=resolve,
        description="Anything that has an id, provided that you may see it.",
    )


def found_field(kind: Any, description: str) -> Field:
    """Return a root field that finds one object of a type by its id."""

    async def resolve(_root: Any, info: Any, id: str) -> Any:
        key = uuid_of(id, kind._meta.name)
        return await in_thread(kind.get_node, info, str(key))

    return Field(kind, id=ID(required=True), resolver=resolve, description=description)
