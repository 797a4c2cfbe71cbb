"""Schemathesis asks whatever the schema allows, signed in and out: documented errors only."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from capsite.schema import schema
from tests.factories import moderator
from tests.graphql.asking import Asker
from tests.graphql.rows import fill

DOCS = Path(__file__).resolve().parents[2] / "docs" / "graphql.md"
DOCUMENTED = set(re.findall(r"`([a-z_]+)`", DOCS.read_text().partition("## Errors")[2]))
# Ids of rows that exist, put here by the fixture below: made-up ones would find nothing.
IDS: list[str] = ["SW1hZ2U6eA=="]

schemathesis.graphql.scalar(
    "ID", st.integers(0, 50).map(lambda number: nodes.String(IDS[number % len(IDS)]))
)
schemathesis.graphql.scalar("UUID", st.uuids().map(lambda key: nodes.String(str(key))))
schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda at: nodes.String(at.isoformat())))
schemathesis.graphql.scalar("Upload", st.just(nodes.String("no file")))

api = schemathesis.graphql.from_file(str(schema))
bounded = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def everybody(django_db_setup, django_db_blocker) -> Iterator[list[Asker]]:
    """A visitor and a moderator, who may do everything that anybody may, on a filled site."""
    with django_db_blocker.unblock(), transaction.atomic():
        judge = moderator()
        IDS[:] = fill(judge, 2).values()
        yield [Asker(), Asker(judge)]
        transaction.set_rollback(True)


def checked(response: Any) -> None:
    assert response.status_code in {200, 400, 503}, response.content[:500]
    body = json.loads(response.content)
    assert set(body) <= {"data", "errors"}
    assert "data" in body or body["errors"]
    for error in body.get("errors", []):
        extensions = error["extensions"]
        assert error["message"]
        assert extensions["code"] != "internal_error", body
        assert extensions["status"] < 500, body
        assert extensions["code"] in DOCUMENTED, f"{extensions['code']} is not in docs/graphql.md"


@pytest.mark.django_db
@api.parametrize()
@bounded
def test_whatever_the_schema_allows(case: schemathesis.Case, everybody):
    for asker in everybody:
        checked(asker.post(str(case.body)))
