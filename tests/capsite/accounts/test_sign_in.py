"""Passwords, confirmation by mail, second factors, limits, roles, and Redis being away."""

import re

import pytest
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from django.contrib.auth.models import AnonymousUser, Group
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from capsite.accounts.models import User
from capsite.accounts.scopes import MODERATORS, Role, Scope, role_of, scopes_of
from tests.capsite.accounts.people import PASSWORD, member, moderator
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

NEW = {
    "email": "nora@example.org",
    "username": "nora",
    "password1": "a rather long one",
    "password2": "a rather long one",
}


@pytest.fixture(autouse=True)
def _no_old_attempts():
    """Limits are counted in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


def link(message) -> str:
    return re.search(r"http://testserver(/\S+)", message.body)[1]


def sign_in(browser: Client, login: str, password: str = PASSWORD):
    return browser.post("/account/login/", {"login": login, "password": password})


def signed_in(browser: Client) -> bool:
    return browser.get("/account/").status_code == 200


def test_nobody_is_in_before_the_address_is_confirmed():
    browser = Client()
    answer = browser.post("/account/signup/", NEW)
    assert answer["Location"] == "/account/confirm-email/"
    assert not signed_in(browser)
    assert sign_in(browser, "nora", NEW["password1"])["Location"] == "/account/confirm-email/"
    assert not signed_in(browser)
    page = link(mail.outbox[0])
    assert browser.get(page).status_code == 200  # a program that follows links confirms nothing
    assert not User.objects.get().emailaddress_set.get().verified
    browser.post(page)
    sign_in(browser, "nora@example.org", NEW["password1"])
    assert signed_in(browser)


def test_sign_up_says_what_is_wrong_beside_the_fields():
    page = Client().post("/account/signup/", NEW | {"email": "x", "password2": "another"})
    assert page.status_code == 200
    assert re.search(r'id="id_email_error">\s*<li>', page.text)
    assert 'aria-describedby="id_email_error"' in page.text
    assert re.search(r'id="id_password2_error">\s*<li>', page.text)


def test_signing_up_with_a_known_address_tells_only_its_owner():
    member("nora")
    answer = Client().post("/account/signup/", NEW | {"username": "other"})
    assert answer["Location"] == "/account/confirm-email/"
    assert User.objects.count() == 1
    assert "already" in mail.outbox[0].body


def test_the_site_may_take_no_new_members(settings):
    settings.CAPSITE_SIGNUP = False
    assert "closed" in Client().get("/account/signup/").text.lower()
    Client().post("/account/signup/", NEW)
    assert not User.objects.exists()


def test_a_forgotten_password_is_replaced_by_mail():
    person = member()
    browser = Client()
    browser.post("/account/password/reset/", {"email": person.email})
    page = browser.get(link(mail.outbox[0]))
    new = {"password1": "quite another one", "password2": "quite another one"}
    browser.post(page["Location"], new)
    sign_in(browser, person.email, "quite another one")
    assert signed_in(browser)


def test_an_unknown_address_gets_the_same_answer():
    member()
    answers = {
        Client().post("/account/password/reset/", {"email": name})["Location"]
        for name in ("mira@example.org", "nobody@example.org")
    }
    assert len(answers) == 1


def test_guessing_a_password_is_stopped():
    person = member()
    for _guess in range(5):
        assert "not correct" in sign_in(Client(), person.email, "a wrong guess").text
    refused = sign_in(Client(), person.email)
    assert "Too many failed" in refused.text
    other = member("other")
    assert sign_in(Client(), other.email).status_code == 302


def test_guessing_at_many_accounts_is_stopped_by_the_address():
    for number in range(10):
        sign_in(Client(), f"p{number}@example.org", "a wrong guess")
    answer = sign_in(Client(), member().email)
    assert answer.status_code != 302


def test_without_redis_signing_in_answers_503_and_the_signed_in_go_on(monkeypatch):
    person = member()
    browser = Client()
    sign_in(browser, person.email)

    def away(*args, **kwargs):
        raise RedisAway("no server")

    for name in ("get", "set", "add", "delete"):
        monkeypatch.setattr(f"django.core.cache.backends.redis.RedisCache.{name}", away)
    answer = sign_in(Client(), person.email)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    app = Client().post(
        "/api/auth/app/v1/auth/login",
        {"email": person.email, "password": PASSWORD},
        content_type="application/json",
    )
    assert (app.status_code, app.json()["code"]) == (503, "redis_away")
    assert signed_in(browser)


def test_a_mail_server_that_is_away_is_said_plainly(monkeypatch):
    def away(self, messages):
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", away)
        assert Client().post("/account/signup/", NEW).status_code == 503
    cache.clear()
    sign_in(Client(), "nora", NEW["password1"])  # the address is known; the mail is sent now
    assert mail.outbox


def test_a_second_factor_is_asked_for_and_kept_encrypted():
    person = member()
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    kept = Authenticator.objects.get(user=person, type="totp").data["secret"]
    assert secret not in kept
    assert mfa_adapter().decrypt(kept) == secret
    browser = Client()
    assert sign_in(browser, person.email)["Location"] == "/account/2fa/authenticate/"
    assert not signed_in(browser)
    browser.post("/account/2fa/authenticate/", {"code": "000000"})
    assert not signed_in(browser)
    code = format_hotp_value(hotp_value(secret, next(iter(counters()))))
    browser.post("/account/2fa/authenticate/", {"code": code})
    assert signed_in(browser)


def test_an_administrator_made_without_an_address_comes_in():
    User.objects.create_superuser("root", password=PASSWORD)
    browser = Client()
    sign_in(browser, "root")
    assert browser.get("/admin/").status_code == 200


def test_the_administration_has_no_sign_in_of_its_own():
    answer = Client().get("/admin/login/?next=/admin/")
    assert answer["Location"] == "/account/login/?next=%2Fadmin%2F"
    assert Client().post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


def test_ending_one_session_of_several():
    person = member()
    here, there = Client(), Client()
    sign_in(here, person.email)
    sign_in(there, person.email)
    sessions = here.get("/account/sessions/").context["sessions"]
    mine = here.session.session_key
    other = next(each for each in sessions if each.session_key != mine)
    assert Client().post(f"/account/sessions/{other.pk}/end/").status_code == 302  # to sign-in
    stranger = Client()
    sign_in(stranger, member("other").email)
    assert stranger.post(f"/account/sessions/{other.pk}/end/").status_code == 404
    here.post(f"/account/sessions/{other.pk}/end/")
    assert signed_in(here)
    assert not signed_in(there)


def test_the_user_name_is_changed_by_the_rules_of_sign_up():
    member("taken")
    browser = Client()
    sign_in(browser, member().email)
    for wrong in ("taken", "no spaces here", "x"):
        page = browser.post("/account/", {"username": wrong})
        assert page.status_code == 422
        assert page.context["form"].errors["username"]
    browser.post("/account/", {"username": "miranda"})
    assert User.objects.filter(username="miranda").exists()


def test_roles_and_what_they_may(settings, django_assert_num_queries):
    writing = {Scope.CAPTIONS_WRITE, Scope.ANNOTATIONS_WRITE}
    visitor = AnonymousUser()
    settings.CAPSITE_ANONYMOUS_UPLOADS = False
    assert (role_of(visitor), scopes_of(visitor)) == (Role.VISITOR, {Scope.CAPTIONS_READ})
    settings.CAPSITE_ANONYMOUS_UPLOADS = True
    assert scopes_of(visitor) == {Scope.CAPTIONS_READ, Scope.CAPTIONS_WRITE}
    person = UserFactory()
    assert scopes_of(person) == {Scope.CAPTIONS_READ} | writing
    with django_assert_num_queries(0):
        assert role_of(person) is Role.MEMBER
    assert role_of(moderator()) is Role.MODERATOR
    chief = UserFactory(is_superuser=True)
    assert (role_of(chief), scopes_of(chief)) == (Role.ADMINISTRATOR, frozenset(Scope))


def test_the_group_of_moderators_is_there_and_only_looks():
    permissions = Group.objects.get(name=MODERATORS).permissions.values_list("codename", flat=True)
    assert {"view_image", "view_caption", "view_moderationcase"} <= set(permissions)
    assert all(name.startswith("view_") for name in permissions)
