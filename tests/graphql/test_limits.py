"""Operations that ask for too much are refused before anything of them runs."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import UserFactory
from tests.graphql.asking import Asker

pytestmark = pytest.mark.django_db

INTROSPECTION = "{ __schema { queryType { name } types { name fields { name } } } }"


def refused(query: str, **variables) -> dict:
    """Return the refusal, having seen that nothing was read."""
    asker = Asker()
    with CaptureQueriesContext(connection) as queries:
        response = asker.post(query, variables)
    body = response.json()
    assert response.status_code == 400
    assert "data" not in body
    assert len(queries) == 0
    return body["errors"][0]["extensions"]


def nested(levels: int) -> str:
    query = "id"
    for _ in range(levels):
        query = f"image {{ jobs(first: 1) {{ edges {{ node {{ {query} }} }} }} }}"
    return f"{{ jobs(first: 1) {{ edges {{ node {{ {query} }} }} }} }}"


def test_depth(settings):
    assert refused(nested(4))["code"] == "query_too_deep"
    settings.CAPSITE_GRAPHQL_MAX_DEPTH = 20
    assert "errors" not in Asker().post(nested(4)).json()


@pytest.mark.parametrize(
    "query",
    [
        "{ images(first: 100) { edges { node { captions(first: 100) { edges { cursor } } } } } }",
        "query Q($n: Int = 100) { images(first: $n) { edges { node {"
        " captions(first: $n) { edges { cursor } } } } } }",
        "{ images(last: 100) { edges { node { captions(last: 100) { edges { cursor } } } } } }",
        # Every alias and every use of a fragment counts.
        "{ " + " ".join(f"a{n}: images(first: 100) {{ ...P }}" for n in range(40)) + " }"
        " fragment P on ImageConnection { edges { node { id title } } }",
        # Each fragment doubles the one before.
        "{ images(first: 1) { ...F20 } } fragment F0 on ImageConnection { edges { cursor } } "
        + " ".join(
            f"fragment F{n} on ImageConnection {{ ...F{n - 1} ...F{n - 1} }}" for n in range(1, 21)
        ),
    ],
)
def test_cost(query):
    found = refused(query)
    assert found["code"] == "query_too_costly"
    assert found["given"] > found["most"] == 10_000


def test_sizes_in_variables_count():
    query = (
        "query Q($a: Int, $b: Int) { images(first: $a) { edges { node {"
        " captions(first: $b) { edges { node { id } } } } } } }"
    )
    assert refused(query, a=100, b=100)["code"] == "query_too_costly"
    assert "errors" not in Asker().post(query, {"a": 2, "b": 2}).json()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ images { edges { cursor }", "graphql_parse_failed"),
        ("{ " + "a " * 600 + "}", "query_too_large"),
        ("{ " + "me { role } " * 2000 + "}", "graphql_parse_failed"),
        ("{ " + "a { " * 900 + "b" + " }" * 900 + " }", None),
        ("{ me { ...A } } fragment A on Me { ...B } fragment B on Me { ...A }", None),
        ("{ nothing }", "graphql_validation_failed"),
        ("query A { me { role } } query B { me { role } }", "operation_unknown"),
        ("subscription { imageFeed { kind } }", "subscription_needs_socket"),
        ("{ a: __schema { types { name } } }", "introspection_aliased"),
        ("{ __schema { a: types { name } } }", "introspection_aliased"),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            "graphql_validation_failed",
        ),
    ],
)
def test_documents_that_are_refused(query, code):
    found = refused(query)
    assert found["code"] == code or code is None
    assert found["status"] == 400


def test_introspection_and_all_of_graphiqls_question_are_answered():
    from graphql import get_introspection_query

    data = Asker().ask(get_introspection_query(descriptions=True, input_value_deprecation=True))
    assert data["__schema"]["subscriptionType"]["name"] == "Subscription"
    assert Asker().ask(INTROSPECTION)["__schema"]["queryType"] == {"name": "Query"}


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("[]", "application/json", 400, "batch_refused"),
        ('[{"query": "{ me { role } }"}]', "application/json", 400, "batch_refused"),
        ("nonsense", "application/json", 400, "bad_request"),
        ("[" * 100_000, "application/json", 413, "request_too_large"),
        ("[" * 60_000, "application/json", 400, "bad_request"),
        ("{}", "application/json", 400, "required"),
        ('{"query": 3}', "application/json", 400, "bad_request"),
        ('{"query": "{ me { role } }", "variables": []}', "application/json", 200, None),
        ('{"query": "{ me { role } }", "variables": [1]}', "application/json", 400, "bad_request"),
        ('{"query": "{ me { role } }"}', "text/plain", 415, "unsupported_media_type"),
        ("query={me{role}}", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ],
)
def test_bodies(body, kind, status, code):
    response = Asker().client.post("/graphql/", body, content_type=kind)
    assert response.status_code == status
    if code:
        assert response.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_texts_that_cannot_be_stored_are_refused(text):
    query = "query Q($t: String!) { search(text: $t, uploader: $t) { edges { cursor } } }"
    assert (
        Asker().post(query, {"t": text}).json()["errors"][0]["extensions"]["code"] == "bad_request"
    )
    inline = '{ search(text: "x", uploader: "\\u0000") { edges { cursor } } }'
    assert refused(inline)["code"] == "bad_request"


def test_the_cost_is_told():
    response = Asker().post("{ images(first: 10) { edges { node { id } } } }")
    assert response.headers["X-GraphQL-Cost"] == "31"
    assert json.loads(response.content)["data"] == {"images": {"edges": []}}


def test_paging_arguments():
    asker = Asker(UserFactory())
    ask = "{{ images({}) {{ edges {{ cursor }} }} }}".format
    assert asker.refused(ask("first: 101"))["code"] == "page_size"
    assert asker.refused(ask("first: 0"))["code"] == "page_size"
    assert asker.refused(ask("last: -1"))["code"] == "page_size"
    assert asker.refused(ask("first: 1, last: 1"))["code"] == "paging_mixed"
    assert asker.refused(ask('first: 1, before: "x"'))["code"] == "paging_mixed"
    for cursor in ("x", "W10", "WyIxIiwgIjIiXQ", "é"):
        assert asker.refused(ask(f'after: "{cursor}"'))["code"] == "bad_cursor"
