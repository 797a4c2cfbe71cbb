"""Everybody asks for every GraphQL field; one without a row fails."""

import json
from datetime import timedelta
from string import Template
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from graphql_relay import to_global_id

from capsite.accounts.scopes import Scope, scopes_of
from tests.contracts.test_who_may import listed, signed_in
from tests.contracts.who_may_graphql import FIELDS, MUTATIONS, NODES, QUERIES, WORDS, Field
from tests.contracts.who_may_rest import SESSION
from tests.contracts.who_may_walk import graphql_fields
from tests.contracts.who_may_world import ACTORS, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

OVER_HTTP = [*QUERIES, *NODES, *MUTATIONS]
KINDS = {
    "case": "ModerationCase",
    "webhook": "WebhookEndpoint",
    "delivery": "WebhookDelivery",
    "token": "PersonalToken",
}


def ids(there: World) -> dict[str, str]:
    """Return what ``$image`` and ``$node_image`` stand for."""
    rows = dict(there.rows)
    rows["revision"] = rows["annotation"].revisions.get()
    rows["model"], rows["owner"] = rows["caption"].model, there.people["owner"]
    kinds = KINDS | {"owner": "User", "model": "Model"}
    nodes = {
        f"node_{name}": to_global_id(kinds.get(name, name.capitalize()), row.pk)
        for name, row in rows.items()
    }
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    return {name: str(row.pk) for name, row in rows.items()} | nodes | {"tomorrow": tomorrow}


def query_of(field: Field, there: World) -> str:
    kind = "subscription" if field.name.startswith("Sub") else "query"
    kind = "mutation" if field.name.startswith("Mutation") else kind
    return f"{kind} {{ {Template(field.ask).substitute(ids(there))} }}"


def word(body: dict[str, Any]) -> str:
    """Return the word of the table for what was answered."""
    if body.get("errors"):
        extensions = body["errors"][0]["extensions"]
        return WORDS.get(extensions["code"], extensions["code"])
    return "none" if list(body["data"].values()) == [None] else "ok"


def asked(client: Client, field: Field, there: World, token: str = "") -> str:
    """Return the word for a field's answer; what it changed is undone."""
    body = json.dumps({"query": query_of(field, there)})
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with transaction.atomic():
        answer = client.post("/graphql/", body, content_type="application/json", headers=headers)
        transaction.set_rollback(True)
    return word(answer.json())


def test_every_field_has_its_row():
    names = [field.name for field in FIELDS]
    missing = graphql_fields() - set(names)
    assert not missing, f"Say in who_may_graphql.py who may ask for {sorted(missing)}."
    assert set(names) == graphql_fields(), "These rows have no field."
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_ask_for_which_field(worlds, actor):
    wrong = []
    for there in worlds:
        client = signed_in(there.people[actor])
        for field in OVER_HTTP:
            words = field.private if there.visibility == "private" else field.public
            if not words:  # one answer for both
                continue
            expected = words.split()[ACTORS.index(actor)]
            got = asked(client, field, there)
            if got != expected:
                wrong.append((there.visibility, field.name, expected, got))
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_without_the_scope_gets_nothing_with_it(worlds, scope):
    there = worlds[1]
    without = there.token_without(scope)
    alone = there.token(there.person_with(scope), Scope.CAPTIONS_READ, scope)
    wrong = []
    for field in OVER_HTTP:
        if field.scope != scope:
            continue
        refused, granted = (asked(Client(), field, there, token) for token in (without, alone))
        if refused != "scope" or granted not in ("ok", "url"):
            wrong.append((field.name, refused, granted))
    assert not wrong, listed(wrong)


def test_what_takes_no_token_whatever_its_scopes(worlds):
    there = worlds[1]
    owner = there.people["owner"]
    token = there.token(owner, *scopes_of(owner))
    fields = [field for field in OVER_HTTP if field.scope == SESSION]
    answers = {field.name: asked(Client(), field, there, token) for field in fields}
    assert set(answers.values()) == {"session"}, answers


def test_a_bad_token_is_refused_even_where_visitors_may(worlds):
    for field in OVER_HTTP:
        assert asked(Client(), field, worlds[1], "cap_nonsense") == "invalid_token", field.name
