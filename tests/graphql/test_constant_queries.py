"""Every list of the schema, with every link of its nodes: as many queries for 6 rows as for 2.

The schema itself says which lists and links there are, so that a new one is tested unasked.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type, is_list_type

from capsite.schema import schema
from tests.factories import moderator
from tests.graphql.asking import Asker
from tests.graphql.rows import fill

QUERY = schema.graphql_schema.query_type
TYPES = schema.graphql_schema.type_map
# What has to be given; anything else stays at its default.
GIVEN = {"search": 'text: "dog" '}


def is_connection(kind: Any) -> bool:
    return isinstance(kind, GraphQLObjectType) and "pageInfo" in kind.fields


def wanted(field: Any) -> bool:
    """Tell whether a field can be asked without arguments."""
    return not any(str(argument.type).endswith("!") for argument in field.args.values())


def leaves(kind: GraphQLObjectType) -> str:
    names = [
        name
        for name, field in kind.fields.items()
        if is_leaf_type(get_named_type(field.type)) and wanted(field)
    ]
    return " ".join(names)


def selected(field: Any, levels: int) -> str:
    """Return what to select of a field: every scalar, and every link ``levels`` deep."""
    kind = get_named_type(field.type)
    if is_leaf_type(kind):
        return ""
    if is_connection(kind):
        edge = get_named_type(kind.fields["edges"].type)
        node = get_named_type(edge.fields["node"].type)
        return f"{{ edges {{ node {body(node, levels)} }} }}"
    return body(kind, levels)


def body(kind: GraphQLObjectType, levels: int) -> str:
    links = ""
    if levels:
        links = " ".join(
            f"{name} {selected(field, levels - 1)}"
            for name, field in kind.fields.items()
            if isinstance(get_named_type(field.type), GraphQLObjectType) and wanted(field)
        )
    return f"{{ __typename {leaves(kind)} {links} }}"


def lists() -> Iterator[Any]:
    """Yield every list of the schema as a test: at the root, of ``me``, and of each node type."""
    for name, field in QUERY.fields.items():
        if is_connection(get_named_type(field.type)):
            yield pytest.param(
                f"{{ {name}({GIVEN.get(name, '')}PAGE) {selected(field, 2)} }}", id=name
            )
    for owner, kind in TYPES.items():
        if not isinstance(kind, GraphQLObjectType) or is_connection(kind) or kind is QUERY:
            continue
        node = any(each.name == "Node" for each in kind.interfaces)
        for name, field in kind.fields.items():
            listed = is_list_type(get_nullable_type(field.type)) or is_connection(
                get_named_type(field.type)
            )
            if (
                not listed
                or is_leaf_type(get_named_type(field.type))
                or not (node or owner == "Me")
            ):
                continue
            inner = f"{name} {selected(field, 1)}"
            start = f"me {{ {inner} }}" if owner == "Me" else f"NODE:{owner} {{ {inner} }}"
            yield pytest.param(start, id=f"{owner}.{name}")


def counted(asker: Asker, query: str, ids: dict[str, str], page: str) -> int:
    query = query.replace("PAGE", page)
    if query.startswith("NODE:"):
        kind, _space, rest = query[5:].partition(" ")
        query = f'{{ node(id: "{ids[kind]}") {{ ... on {kind} {rest} }} }}'
    elif query.startswith("me"):
        query = f"{{ {query} }}"
    with CaptureQueriesContext(connection) as queries:
        asker.ask(query)
    return len(queries)


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker) -> Iterator[list[Any]]:
    """Somebody with two of everything and somebody with six, for all tests here."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield [
            (person, fill(person, count)) for person, count in ((moderator(), 2), (moderator(), 6))
        ]
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("query", list(lists()))
def test_more_rows_take_no_more_queries(query: str, filled, settings):
    settings.CAPSITE_GRAPHQL_MAX_COST, settings.CAPSITE_GRAPHQL_MAX_DEPTH = 10**9, 50
    (few, few_ids), (many, many_ids) = filled
    small = counted(Asker(few), query, few_ids, "first: 8")
    assert small == counted(Asker(many), query, many_ids, "first: 80")
