"""Everybody asks for everything: each route, method, GraphQL field and socket has its row."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from capsite.accounts.scopes import Scope
from tests.contracts.who_may_rest import ANY, OF_LIBRARIES, PAGE, ROWS, SESSION, Row
from tests.contracts.who_may_walk import METHODS, routes
from tests.contracts.who_may_world import ACTORS, World, people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

NAMES = {"endpoint_id": "webhook"}
WORDS = {"variant": "w320", "language": "en", "client_id": "nobody"}
SCOPED = [row for row in ROWS if row.scope != PAGE]


def address(route: str, rows: dict[str, Any]) -> str:
    """Return a route with the ids of these rows."""

    def filled(match: re.Match) -> str:
        name = match["name"]
        if name in WORDS:
            return WORDS[name]
        return str(rows[NAMES.get(name, name.removesuffix("_id"))].pk)

    path = "/" + re.sub(r"<\w+:(?P<name>\w+)>", filled, route)
    return path + ("?q=dog" if path.endswith("/search") else "")


def asked(client: Client, row: Row, there: World, **headers: str) -> Any:
    """Return the answer to a row's request; what it changed is undone."""
    body = row.body(there) if row.body else None
    kind = {} if row.form or body is None else {"content_type": "application/json"}
    send = getattr(client, "get" if row.method == "*" else row.method.lower())
    path = address(row.route, there.rows)
    with transaction.atomic():
        answer = send(path, **({"data": body} if body is not None else {}), **kind, headers=headers)
        transaction.set_rollback(True)
    return answer


def said(answer: Any) -> str:
    """Return the word of the table for an answer."""
    if 200 <= answer.status_code < 300:
        return "ok"
    if answer.status_code == 302 and "/login/" in answer["Location"]:
        return "in"
    return str(answer.status_code)


def listed(wrong: list[tuple]) -> str:
    """Return what went otherwise than the table says, a line each."""
    return "\n".join(["", *(" ".join(map(str, each)) for each in wrong)])


def signed_in(person: Any) -> Client:
    """Return a browser, signed in unless ``person`` is nobody."""
    client = Client()
    if person.is_authenticated:
        client.force_login(person)
    return client


def test_every_route_of_ours_has_its_rows():
    ours = {row.route for row in ROWS}
    strangers = [
        route.pattern
        for route in routes()
        if route.pattern not in ours and not route.module.startswith(tuple(OF_LIBRARIES))
    ]
    assert strangers == [], "Say in who_may_rest.py who may use these."
    assert ours <= {route.pattern for route in routes()}, "These rows have no route."
    assert len({(row.method, row.route) for row in ROWS}) == len(ROWS)


def test_every_library_of_the_table_is_there():
    modules = [route.module for route in routes()]
    for name in OF_LIBRARIES:
        assert any(module.startswith(name) for module in modules), name


@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_use_which_address(worlds, actor):
    wrong = []
    for there in worlds:
        client = signed_in(there.people[actor])
        for row in ROWS:
            words = row.private if there.visibility == "private" else row.public
            if not words:  # one answer for both
                continue
            expected = words.split()[ACTORS.index(actor)]
            got = said(asked(client, row, there))
            if got != expected:
                wrong.append((there.visibility, row.method, row.route, expected, got))
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_without_the_scope_does_nothing_with_it(worlds, scope):
    there = worlds[1]
    without, alone = there.token_without(scope), there.token(there.person_with(scope), scope)
    wrong = []
    for row in SCOPED:
        if row.scope != scope:
            continue
        refused = asked(Client(), row, there, authorization=f"Bearer {without}")
        code = _code(refused)
        if (refused.status_code, code) != (403, "insufficient_scope"):
            wrong.append((row.method, row.route, refused.status_code, code))
        granted = said(asked(Client(), row, there, authorization=f"Bearer {alone}"))
        if granted != "ok" and row.route != "graphql/":
            wrong.append((row.method, row.route, "with the scope", granted))
    assert not wrong, listed(wrong)


def _code(answer: Any) -> str:
    body = answer.json()
    return body["errors"][0]["extensions"]["code"] if "errors" in body else body.get("code", "")


@pytest.mark.parametrize("scope", list(Scope))
def test_what_takes_any_token_and_what_takes_none(worlds, scope):
    there = worlds[1]
    token = there.token(there.person_with(scope), scope)
    for row in SCOPED:
        if row.scope not in (ANY, SESSION):
            continue
        answer = asked(Client(), row, there, authorization=f"Bearer {token}")
        expected = "ok" if row.scope == ANY else "403"
        assert said(answer) == expected, (row.method, row.route)


def test_a_bad_token_is_refused_everywhere_even_where_visitors_may(worlds):
    there = worlds[1]
    for row in SCOPED:
        answer = asked(Client(), row, there, authorization="Bearer cap_nonsense")
        assert (answer.status_code, _code(answer)) == (401, "invalid_token"), row.route


def test_methods_without_a_row_are_not_allowed(worlds):
    there = worlds[1]
    client = signed_in(there.people["administrator"])
    rows = {(row.method, row.route) for row in ROWS}
    wrong = []
    for route in dict.fromkeys(row.route for row in ROWS):
        for method in METHODS:
            if rows & {(method, route), ("*", route)}:
                continue
            answer = asked(client, Row(method, route, PAGE, ""), there)
            again = "/reauthenticate/" in answer.get("Location", "")  # asked before the method
            if answer.status_code != 405 and not again:
                wrong.append((method, route, answer.status_code))
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("actor", ACTORS)
def test_the_administration_is_for_administrators(actor):
    client = signed_in(people()[actor])
    expected = 200 if actor == "administrator" else 302
    addresses = [reverse("admin:index")] + [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in apps.get_models()
        if admin.site.is_registered(model)
    ]
    answers = {path: client.get(path).status_code for path in addresses}
    assert set(answers.values()) == {expected}, answers
