"""Personal tokens: shown once, kept as a digest, scoped, expiring, revocable."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from capsite.accounts.grants import bearer_authenticate
from capsite.accounts.models import PersonalToken
from capsite.accounts.scopes import Scope
from capsite.accounts.selectors import tokens_of
from capsite.accounts.services import tokens
from capsite.accounts.services.tokens import token_create, token_revoke
from capsite.common.errors import CapsiteError, NotFound
from tests.capsite.accounts.people import PASSWORD, READ, member, moderator, token_of

pytestmark = pytest.mark.django_db


def refused(raw: str) -> CapsiteError:
    with pytest.raises(CapsiteError) as caught:
        bearer_authenticate(raw)
    assert (caught.value.code, caught.value.status) == ("invalid_token", 401)
    return caught.value


def test_only_the_digest_is_kept():
    token, raw = token_of(member())
    assert raw.startswith("cap_")
    assert len(raw) > 40
    row = PersonalToken.objects.filter(pk=token.pk).values().get()
    assert row["digest"] == hashlib.sha256(raw.encode()).hexdigest()
    assert raw not in str(row)


def test_a_token_opens_what_its_scopes_say_and_no_more():
    person = member()
    token, raw = token_of(person, ["captions:read", "annotations:write"])
    found, grant = bearer_authenticate(raw)
    assert found == person
    assert grant.kind == "token"
    assert grant.id == f"token:{token.pk}"
    assert grant.scopes == {Scope.CAPTIONS_READ, Scope.ANNOTATIONS_WRITE}
    assert grant.expires_at == token.expires_at


def test_a_token_never_does_more_than_its_person_may_now():
    person = moderator()
    _token, raw = token_of(person, ["captions:read", "moderation"])
    assert Scope.MODERATION in bearer_authenticate(raw)[1].scopes
    person.groups.clear()
    assert bearer_authenticate(raw)[1].scopes == {Scope.CAPTIONS_READ}


def test_revoked_expired_and_unknown_tokens_open_nothing():
    person = member()
    token, raw = token_of(person)
    token_revoke(person=person, token_id=token.pk)
    token_revoke(person=person, token_id=token.pk)
    assert refused(raw)
    other, late = token_of(person)
    PersonalToken.objects.filter(pk=other.pk).update(expires_at=timezone.now())
    assert refused(late)
    for junk in ("", "cap_", "cap_x", raw + "x", "ö", "a.b.c", "x" * 5000, "\x00"):
        assert refused(junk)


def test_the_token_of_somebody_deactivated_opens_nothing():
    person = member()
    _token, raw = token_of(person)
    person.is_active = False
    person.save()
    assert refused(raw)


def test_nobody_revokes_the_token_of_another():
    token, raw = token_of(member())
    with pytest.raises(NotFound):
        token_revoke(person=member("other"), token_id=token.pk)
    assert bearer_authenticate(raw)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["moderation"]}, "scopes"),
        ({"scopes": ["all"]}, "scopes"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expires_at"),
        ({"expires_at": timezone.now() + timedelta(days=400)}, "expires_at"),
    ],
)
def test_a_bad_token_is_refused_by_field(change, field):
    wanted = {"name": "n", "scopes": READ, "expires_at": timezone.now() + timedelta(days=1)}
    with pytest.raises(CapsiteError) as caught:
        token_create(person=member(), **(wanted | change))
    assert caught.value.field == field
    assert not PersonalToken.objects.exists()


def test_there_is_a_most_of_living_tokens(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    person = member()
    first, _raw = token_of(person)
    token_of(person)
    with pytest.raises(CapsiteError) as caught:
        token_of(person)
    assert caught.value.code == "too_many_tokens"
    token_revoke(person=person, token_id=first.pk)
    token_of(person)


def test_the_last_use_is_noted_once_a_minute(django_assert_num_queries):
    token, raw = token_of(member())
    bearer_authenticate(raw)
    noted = PersonalToken.objects.get(pk=token.pk).last_used_at
    assert noted is not None
    with django_assert_num_queries(2):  # the token with its person, the role; no write
        bearer_authenticate(raw)
    assert PersonalToken.objects.get(pk=token.pk).last_used_at == noted


def test_the_page_asks_for_the_password_again_and_shows_the_secret_once():
    person = member()
    browser = signed_in(person)
    form = {"name": "backup", "scopes": ["captions:read"], "days": "30"}
    asked = browser.post("/account/tokens/", form)
    assert (asked.status_code, asked["Location"].split("?")[0]) == (302, "/account/reauthenticate/")
    page = browser.post(asked["Location"], {"password": PASSWORD})
    assert page.status_code == 201
    assert page["Cache-Control"].count("no-store")
    token = tokens_of(person).get()
    secret = re.search(r"cap_[\w-]{40,}", page.text)
    assert secret is not None
    assert bearer_authenticate(secret[0])[0] == person
    again = browser.get("/account/tokens/")
    assert secret[0] not in again.text
    assert "backup" in again.text
    browser.post(f"/account/tokens/{token.pk}/revoke/")
    assert refused(secret[0])


def test_the_page_says_what_is_wrong_beside_the_field():
    browser = signed_in(member())
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    page = browser.post("/account/tokens/", {"name": "x", "scopes": ["moderation"], "days": "30"})
    assert page.status_code == 422
    assert page.context["form"].errors["scopes"]


def signed_in(person) -> Client:
    browser = Client()
    answer = browser.post("/account/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return browser
