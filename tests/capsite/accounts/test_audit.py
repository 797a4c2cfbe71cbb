"""What concerns safety is noted with who, whom and from where, and stays noted."""

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction

from capsite.accounts import audit
from capsite.accounts.models import AuditEvent, User
from capsite.accounts.services.banning import person_ban, person_restore
from capsite.accounts.services.tokens import token_revoke
from captions import registry
from tests.capsite.accounts.people import PASSWORD, member, moderator, token_of
from tests.factories import ModelFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()


@pytest.fixture
def admin(client):
    person = UserFactory(username="ada", is_staff=True, is_superuser=True)
    client.force_login(person)
    return client


def sign_in(client, login="mira", password=PASSWORD, **headers):
    fields = {"login": login, "password": password}
    return client.post("/account/login/", fields, headers=headers)


def lines(kind: str) -> list[tuple]:
    rows = AuditEvent.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("actor", "subject", "address"))


@pytest.mark.parametrize("act", ["update", "delete", "raw"])
def test_the_database_refuses_to_change_or_remove_a_line(act):
    event = audit.note(audit.Kind.SIGNED_IN, about=UserFactory())
    acts = {
        "update": lambda: AuditEvent.objects.update(actor="nobody"),
        "delete": lambda: AuditEvent.objects.all().delete(),
        "raw": lambda: connection.cursor().execute("DELETE FROM accounts_auditevent"),
    }
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic():
        acts[act]()
    assert AuditEvent.objects.get(pk=event.pk).actor == ""


def test_a_line_is_undone_with_what_it_tells_of():
    person = member()
    with transaction.atomic():
        token_of(person)
        transaction.set_rollback(True)
    assert lines("token.created") == []


def test_signing_in_is_noted_with_address_and_method(client):
    member()
    assert sign_in(client).status_code == 302
    assert lines("sign_in") == [("mira", "mira", "127.0.0.1")]
    assert AuditEvent.objects.get(kind="sign_in").facts == {"methods": ["password"]}


def test_a_burst_of_failures_is_noted_once_by_name(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    member()
    for _attempt in range(4):
        sign_in(client, password="not this one")
    assert lines("sign_in.failures") == []
    for _attempt in range(4):
        sign_in(client, password="not this one")
    assert lines("sign_in.failures") == [("", "mira", "127.0.0.1")]


def test_what_was_typed_for_a_name_is_not_kept(client):
    for _attempt in range(6):
        sign_in(client, login="my secret password", password="x")
    [event] = AuditEvent.objects.filter(kind="sign_in.failures")
    assert event.subject == ""
    assert "secret" not in str(event.facts)


def test_failures_cost_nothing_but_a_line_while_the_cache_is_away(client, monkeypatch):
    from capsite.accounts import bursts

    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(bursts.cache, "incr", away, raising=False)
    assert sign_in(client, password="x").status_code == 200
    assert lines("sign_in.failures") == []


def test_a_changed_password_is_noted(client):
    person = member()
    sign_in(client)
    fields = {"oldpassword": PASSWORD, "password1": "another long one 7", "password2": ""}
    fields["password2"] = fields["password1"]
    assert client.post("/account/password/change/", fields).status_code == 302
    assert lines("password.changed") == [("mira", "mira", "127.0.0.1")]
    assert User.objects.get(pk=person.pk).check_password("another long one 7")


@pytest.mark.django_db(transaction=True)
def test_second_factors_come_and_go_noted(client):
    member()
    sign_in(client)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post("/account/2fa/totp/activate/", {"code": code})
    client.post("/account/2fa/recovery-codes/generate/")
    client.post("/account/2fa/totp/deactivate/")
    told = AuditEvent.objects.filter(kind__startswith="factor").values_list("kind", "facts__factor")
    assert sorted(told) == [
        ("factor.added", "recovery_codes"),
        ("factor.added", "totp"),
        ("factor.removed", "recovery_codes"),
        ("factor.removed", "totp"),
        ("factor.renewed", "recovery_codes"),
    ]
    assert set(AuditEvent.objects.values_list("actor", "address")) == {("mira", "127.0.0.1")}


def test_tokens_are_noted_by_name_and_never_by_secret():
    person = member()
    token, raw = token_of(person)
    token_revoke(person=person, token_id=token.pk)
    token_revoke(person=person, token_id=token.pk)
    other, _raw = token_of(person)
    other.delete()
    assert len(lines("token.created")) == 2
    assert len(lines("token.revoked")) == 2
    facts = str(list(AuditEvent.objects.values_list("facts", flat=True)))
    assert "script" in facts
    assert raw not in facts


@pytest.mark.parametrize("way", ["person", "group", "clear", "set"])
def test_who_becomes_or_was_a_moderator_is_noted_whichever_way(way):
    person, group = member(), Group.objects.get(name="moderators")
    if way == "group":
        group.user_set.add(person)
        group.user_set.remove(person)
    else:
        person.groups.add(group)
        {
            "person": lambda: person.groups.remove(group),
            "clear": person.groups.clear,
            "set": lambda: person.groups.set([]),
        }[way]()
    person.groups.add(Group.objects.create(name="friends"))
    facts = [event.facts for event in AuditEvent.objects.filter(kind="role.changed").order_by("pk")]
    assert facts == [{"role": "moderator", "gained": gained} for gained in (True, False)]


def test_an_administrator_who_gives_a_role_is_named(admin):
    person = member()
    fields = {
        "username": "mira",
        "email": person.email,
        "is_active": "on",
        "is_superuser": "on",
        "groups": [Group.objects.get(name="moderators").pk],
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    answer = admin.post(f"/admin/accounts/user/{person.pk}/change/", fields)
    assert answer.status_code == 302, answer.context["errors"]
    assert lines("role.changed")[2:] == [("ada", "mira", "127.0.0.1")] * 2
    del fields["is_active"]
    admin.post(f"/admin/accounts/user/{person.pk}/change/", fields)
    assert lines("person.banned") == [("ada", "mira", "127.0.0.1")]


def test_bans_and_their_end_are_noted_once():
    person, judge = member(), moderator()
    for _again in range(2):
        person_ban(person=person, by=judge, reason="rude")
    for _again in range(2):
        person_restore(person=person, by=judge)
    assert lines("person.banned") == lines("person.restored") == [("mona", "mira", None)]
    assert User.objects.get(pk=person.pk).is_active


def test_a_deleted_account_leaves_its_lines(admin):
    person = member()
    token_of(person)
    admin.post(f"/admin/accounts/user/{person.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=person.pk).exists()
    assert lines("person.deleted") == [("ada", "mira", "127.0.0.1")]
    assert lines("token.created") == [("mira", "mira", None)]


def test_a_switched_captioner_is_noted(tmp_path):
    model = ModelFactory(directory=str(tmp_path))
    registry.model_activate(model=model, language="en", by="ops", reason="better")
    event = AuditEvent.objects.get(kind="model.switched")
    assert event.actor == "ops"
    assert event.facts == {
        "event": "activated",
        "language": "en",
        "model": str(model),
        "reason": "better",
    }


def test_the_log_is_read_filtered_and_never_written_in_the_administration(admin):
    person = member()
    event = audit.note(audit.Kind.TOKEN_CREATED, by=person, facts={"token": "<script>x</script>"})
    page = admin.get("/admin/accounts/auditevent/").content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    for query in ("kind=token.created", "q=mira", "at__year=2026"):
        assert admin.get(f"/admin/accounts/auditevent/?{query}").status_code == 200
    assert admin.get("/admin/accounts/auditevent/add/").status_code == 403
    assert admin.get(f"/admin/accounts/auditevent/{event.pk}/change/").status_code == 200
    for act in ("change", "delete"):
        answer = admin.post(f"/admin/accounts/auditevent/{event.pk}/{act}/", {"post": "yes"})
        assert answer.status_code == 403


def test_moderators_who_are_staff_do_not_read_the_log(client):
    person = moderator()
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client.force_login(person)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/accounts/auditevent/").status_code == 403
