"""How operations travel by HTTP: forgery, errors, persisted queries, limits of rate, caching."""

import hashlib
import json
import time
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

import gallery.graphql.images
from capsite.schema import schema
from gallery.models import Album
from tests.factories import ImageFactory, UserFactory
from tests.graphql.asking import Asker, token_for

pytestmark = pytest.mark.django_db

CREATE = 'mutation { albumCreate(title: "Boats") { album { id } } }'
ROLE = "{ me { role } }"


def test_a_cookie_alone_changes_nothing():
    member = UserFactory()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(member)
    body = json.dumps({"query": CREATE})
    forged = browser.post("/graphql/", body, content_type="application/json")
    assert forged.status_code == 403
    assert forged.json()["errors"][0]["extensions"]["code"] == "csrf_failed"
    browser.get("/graphql/", headers={"Accept": "text/html"})
    token = browser.cookies["csrftoken"].value
    asked = browser.post(
        "/graphql/", body, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert "errors" not in asked.json()
    # A bearer token is sent by nobody who does not have it, whatever cookies come along.
    bearer = {"Authorization": f"Bearer {token_for(member, 'captions:read', 'captions:write')}"}
    asked = browser.post("/graphql/", body, content_type="application/json", headers=bearer)
    assert "errors" not in asked.json()
    assert Album.objects.count() == 2


def test_another_website_may_not_post_as_a_visitor():
    body = {"operations": json.dumps({"query": ROLE}), "map": "{}"}
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        response = Client().post("/graphql/", body, headers=headers)
        assert response.status_code == 403
        assert response.json()["errors"][0]["extensions"]["code"] == "cross_site"
    assert Client().post("/graphql/", body).json() == {"data": {"me": None}}


def test_a_bug_tells_nothing_and_is_noted(monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("gallery.graphql.images.images_listed", broken)
    answer = Asker().post("{ images { edges { cursor } } me { role } }").json()
    assert answer["errors"][0]["extensions"] == {
        "code": "internal_error",
        "status": 500,
        "field": "",
    }
    assert "secret" not in json.dumps(answer)
    assert "secret detail" in caplog.text


def test_an_outage_of_the_database_says_to_come_again(monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("connection refused at 10.0.0.1")

    monkeypatch.setattr("gallery.graphql.images.images_listed", away)
    response = Asker().post("{ images { edges { cursor } } }")
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "database_away"
    monkeypatch.setattr("capsite.schema.grant_of", away)
    response = Asker().post(ROLE)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")


def test_what_takes_too_long_is_given_up(settings, monkeypatch):
    listed = gallery.graphql.images.images_listed

    def slow(person):
        time.sleep(1.2)
        return listed(person)

    monkeypatch.setattr("gallery.graphql.images.images_listed", slow)
    settings.CAPSITE_GRAPHQL_SECONDS = 1
    response = Asker().post("{ images { edges { cursor } } }")
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "query_timeout"


def test_wrong_variables_are_named():
    query = "query Q($n: Int!) { images(first: $n) { edges { cursor } } }"
    response = Asker().post(query, {"n": "many"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "graphql_validation_failed"
    partly = Asker().post('{ me { role } image(id: "x") { id } }')
    assert partly.status_code == 200
    assert partly.json()["data"] == {"me": None, "image": None}
    assert partly.json()["errors"][0]["path"] == ["image"]


def test_the_answer_says_which_kind_it_is():
    client = Client()
    for accepted in ("application/json", "application/graphql-response+json"):
        response = client.post(
            "/graphql/",
            json.dumps({"query": ROLE}),
            content_type="application/json",
            headers={"Accept": accepted},
        )
        assert response.headers["Content-Type"] == accepted
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "RateLimit" in response.headers


def test_too_many_operations(settings, monkeypatch):
    monkeypatch.setitem(settings.CAPSITE_RATES["graphql"], "visitor", "2 per minute")
    settings.CAPSITE_RATE_FACTOR = 1
    cache.clear()
    answers = [Asker().post(ROLE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["errors"][0]["extensions"]["retryAfter"] > 0
    assert int(answers[2].headers["Retry-After"]) > 0


def hashed(query: str) -> dict:
    digest = hashlib.sha256(query.encode()).hexdigest()
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


def test_automatic_persisted_queries():
    cache.clear()
    client = Client()

    def ask(**body):
        return client.post("/graphql/", json.dumps(body), content_type="application/json")

    unknown = ask(extensions=hashed(ROLE))
    assert unknown.status_code == 404
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert ask(query=ROLE, extensions=hashed(ROLE)).json() == {"data": {"me": None}}
    assert ask(extensions=hashed(ROLE)).json() == {"data": {"me": None}}
    wrong = ask(query="{ languages }", extensions=hashed(ROLE)).json()["errors"][0]
    assert wrong["extensions"]["code"] == "persisted_query_mismatch"
    invalid = "{ nothing }"
    ask(query=invalid, extensions=hashed(invalid))
    assert ask(extensions=hashed(invalid)).status_code == 404  # what is not valid is not kept


def test_only_what_was_shipped(settings, tmp_path: Path):
    (tmp_path / "role.graphql").write_text(ROLE)
    settings.CAPSITE_GRAPHQL_PERSISTED_DIR = str(tmp_path)
    settings.CAPSITE_GRAPHQL_PERSISTED_ONLY = True
    assert Asker().ask(ROLE) == {"me": None}
    by_hash = json.dumps({"extensions": hashed(ROLE)})
    response = Client().post("/graphql/", by_hash, content_type="application/json")
    assert response.json() == {"data": {"me": None}}
    assert Asker().refused("{ languages }")["code"] == "persisted_query_only"


def test_pages_go_forth_and_back():
    titles = [ImageFactory(title=f"Photo {number}").title for number in range(7)][::-1]
    query = """query P($first: Int, $after: String, $last: Int, $before: String) {
      images(first: $first, after: $after, last: $last, before: $before) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { node { title } } } }"""

    def page(**arguments):
        data = Asker().ask(query, **arguments)["images"]
        return [edge["node"]["title"] for edge in data["edges"]], data["pageInfo"]

    first, about = page(first=3)
    assert (first, about["hasNextPage"], about["hasPreviousPage"]) == (titles[:3], True, False)
    second, about = page(first=3, after=about["endCursor"])
    assert (second, about["hasPreviousPage"]) == (titles[3:6], True)
    back, _about = page(last=2, before=about["startCursor"])
    assert back == titles[1:3]
    end, about = page(last=2)
    assert (end, about["hasNextPage"], about["hasPreviousPage"]) == (titles[5:], False, True)


def test_the_schema_file_is_current():
    kept = Path(__file__).resolve().parents[2] / "docs" / "schema.graphql"
    assert kept.read_text() == str(schema), "Run: manage.py graphql_schema"
