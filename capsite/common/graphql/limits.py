"""What an operation may ask for, worked out before it runs: its size, its depth and its cost.

The cost of a field is 1, plus what it selects, as often as it can come back: a connection's
``first`` (or ``last``) times, a list's LIST_SIZE times. Every alias and every use of a fragment
counts anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    visit,
)

from capsite.common.errors import CapsiteError
from capsite.common.graphql.paging import DEFAULT, MOST

LIST_SIZE = 10
INTROSPECTION = ("__schema", "__type")


@dataclass
class Measure:
    """The depth and the cost of a selection."""

    depth: int = 0
    cost: int = 0


def size_checked(document: DocumentNode) -> None:
    """Refuse more fields than validation may compare with each other, and aliased introspection."""
    counter = _Counter()
    visit(document, counter)
    most = settings.CAPSITE_GRAPHQL_MAX_FIELDS
    if counter.fields > most:
        message = _("This document selects %(given)d fields. The limit is %(most)d.")
        named = {"given": counter.fields, "most": most}
        raise CapsiteError("query_too_large", message % named, most=most, given=counter.fields)
    if counter.aliased:
        message = _("Introspection fields may not have an alias.")
        raise CapsiteError("introspection_aliased", message)


def measure_checked(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> Measure:
    """Refuse an operation that is too deep or too costly; return what it measures."""
    found = _Measurer(schema, document, _defaults(operation) | dict(variables)).operation(operation)
    limits = (
        ("query_too_deep", found.depth, settings.CAPSITE_GRAPHQL_MAX_DEPTH),
        ("query_too_costly", found.cost, settings.CAPSITE_GRAPHQL_MAX_COST),
    )
    for code, given, most in limits:
        if given > most:
            raise CapsiteError(code, _message(code, given, most), most=most, given=given)
    return found


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        each.variable.name.value: int(each.default_value.value)
        for each in operation.variable_definitions
        if isinstance(each.default_value, IntValueNode)
    }


def _message(code: str, given: int, most: int) -> str:
    deep = _("This operation is %(given)d levels deep. The limit is %(most)d.")
    costly = _("This operation costs %(given)d. The limit is %(most)d: ask for shorter pages.")
    return (deep if code == "query_too_deep" else costly) % {"given": given, "most": most}


class _Counter(Visitor):
    """Counts fields, and looks for aliases inside introspection."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = 0
        self.aliased = False
        self._introspecting = 0
        self._fragment = ""

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_args: Any) -> None:
        self._introspecting += node.type_condition.name.value.startswith("__")

    def leave_fragment_definition(self, node: FragmentDefinitionNode, *_args: Any) -> None:
        self._introspecting -= node.type_condition.name.value.startswith("__")

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        self.fields += 1
        self._introspecting += node.name.value in INTROSPECTION
        self.aliased |= bool(self._introspecting and node.alias)

    def leave_field(self, node: FieldNode, *_args: Any) -> None:
        self._introspecting -= node.name.value in INTROSPECTION


@dataclass
class _Measurer:
    """Walks an operation; a fragment is measured once, however often it is used."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any]
    _measured: dict[str, Measure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fragments = {
            node.name.value: node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def operation(self, operation: OperationDefinitionNode) -> Measure:
        root = self.schema.get_root_type(operation.operation)
        return self._selected(operation.selection_set, root)

    def _selected(self, selections: SelectionSetNode | None, kind: Any) -> Measure:
        total = Measure()
        for node in selections.selections if selections else ():
            one = self._one(node, kind)
            total.depth = max(total.depth, one.depth)
            total.cost += one.cost
        return total

    def _one(self, node: Any, kind: Any) -> Measure:
        if isinstance(node, FieldNode):
            return self._field(node, kind)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        assert isinstance(node, InlineFragmentNode)
        named = node.type_condition
        inner = self.schema.get_type(named.name.value) if named else kind
        return self._selected(node.selection_set, inner)

    def _fragment(self, name: str) -> Measure:
        if name not in self._measured:
            self._measured[name] = Measure()  # validation refuses a cycle; this only ends it
            node = self._fragments[name]
            kind = self.schema.get_type(node.type_condition.name.value)
            self._measured[name] = self._selected(node.selection_set, kind)
        return self._measured[name]

    def _field(self, node: FieldNode, kind: Any) -> Measure:
        name = node.name.value
        if name.startswith("__"):
            # Introspection is bounded by rules of its own: no aliases, and lists nest three deep.
            return Measure(depth=1, cost=1)
        definition = getattr(kind, "fields", {}).get(name)
        if definition is None:
            return Measure(depth=1, cost=1)
        inner = self._selected(node.selection_set, get_named_type(definition.type))
        times = self._times(node, definition.type)
        return Measure(depth=inner.depth + 1, cost=1 + times * inner.cost)

    def _times(self, node: FieldNode, kind: Any) -> int:
        named = get_named_type(kind)
        if is_list_type(get_nullable_type(kind)):
            # The edges of a connection are counted where the connection is.
            return 1 if node.name.value == "edges" else LIST_SIZE
        if isinstance(named, GraphQLObjectType) and "pageInfo" in named.fields:
            return self._page_size(node)
        return 1

    def _page_size(self, node: FieldNode) -> int:
        given = [self._number(each.value) for each in node.arguments if each.name.value in _SIZES]
        sizes = [size for size in given if size is not None]
        return min(max(sizes, default=DEFAULT), MOST) if sizes else DEFAULT

    def _number(self, value: Any) -> int | None:
        if isinstance(value, IntValueNode):
            return max(int(value.value), 0)
        if isinstance(value, VariableNode):
            given = self.variables.get(value.name.value)
            # Nothing given may still mean a default of the variable's own: count the most.
            return given if isinstance(given, int) and given >= 0 else MOST
        return None


_SIZES = ("first", "last")
