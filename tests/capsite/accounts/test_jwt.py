"""The app client's JWTs: short, for this site only, and a replayed refresh ends the family."""

import json
import threading
import time

import jwt
import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from capsite.accounts.grants import bearer_authenticate
from capsite.accounts.scopes import scopes_of
from capsite.common.errors import CapsiteError
from tests.capsite.accounts.people import PASSWORD, member

pytestmark = pytest.mark.django_db

APP = "/api/auth/app/v1"


def post(path: str, body: dict, **headers):
    return Client().post(
        f"{APP}/{path}", json.dumps(body), content_type="application/json", headers=headers
    )


def sign_in(person) -> dict:
    answer = post("auth/login", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()["meta"]


def refresh(token: str):
    return post("tokens/refresh", {"refresh_token": token})


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def signed(payload: dict, key=None, algorithm: str = "RS256") -> str:
    return jwt.encode(payload, key or settings.HEADLESS_JWT_PRIVATE_KEY, algorithm=algorithm)


def refused(raw: str) -> bool:
    with pytest.raises(CapsiteError) as caught:
        bearer_authenticate(raw)
    return (caught.value.code, caught.value.status) == ("invalid_token", 401)


def test_an_access_token_is_its_person_for_fifteen_minutes():
    person = member()
    token = sign_in(person)["access_token"]
    found, grant = bearer_authenticate(token)
    assert found == person
    assert grant.kind == "jwt"
    assert grant.scopes == scopes_of(person)
    said = claims(token)
    assert said["exp"] - said["iat"] == 15 * 60
    assert said["aud"] == "capsite"


def test_tokens_of_others_are_refused():
    token = sign_in(member())["access_token"]
    said = claims(token)
    assert bearer_authenticate(signed(said))  # the forgery below differs in one thing each
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    past = {"iat": int(time.time()) - 1000, "exp": int(time.time()) - 100}
    for forged in (
        signed(said | past),
        signed(said | {"aud": "another-site"}),
        signed({name: value for name, value in said.items() if name != "aud"}),
        signed(said | {"sub": "999999"}),
        signed(said | {"sid": "x"}),
        signed(said | {"token_use": "refresh"}),
        signed(said, other_key),
        signed(said, "a secret that is no key of this site, really", "HS256"),
        unsigned(said),
        token[:-4] + "AAAA",
        token.rsplit(".", 1)[0] + ".",
    ):
        assert refused(forged)


def test_the_api_says_invalid_token_and_how_to_come():
    said = claims(sign_in(member())["access_token"])
    for token, status in ((signed(said), 200), (unsigned(said), 401)):
        answer = Client().get("/api/v2/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    assert answer.json()["code"] == "invalid_token"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def unsigned(payload: dict) -> str:
    return jwt.encode(payload, None, algorithm="none")


def test_a_refresh_token_is_no_access_token():
    assert refused(sign_in(member())["refresh_token"])


def test_the_wrong_audience_signs_nobody_in_to_the_account_api_either():
    said = claims(sign_in(member())["access_token"])
    for token, status in ((signed(said), 200), (signed(said | {"aud": "other"}), 401)):
        headers = {"Authorization": f"Bearer {token}"}
        assert Client().get(f"{APP}/auth/session", headers=headers).status_code == status


def test_refresh_rotates_and_a_replay_ends_the_family():
    meta = sign_in(member())
    first = refresh(meta["refresh_token"])
    assert first.status_code == 200
    pair = first.json()["data"]
    assert pair["refresh_token"] != meta["refresh_token"]
    assert bearer_authenticate(pair["access_token"])

    assert refresh(meta["refresh_token"]).status_code == 400  # somebody has a copy of it
    assert refresh(pair["refresh_token"]).status_code == 400
    assert refused(pair["access_token"])
    assert refused(meta["access_token"])
    assert not Session.objects.exists()


def test_junk_as_refresh_token_ends_nothing():
    meta = sign_in(member())
    for junk in ("x", meta["access_token"], meta["refresh_token"][:-3] + "AAA"):
        assert refresh(junk).status_code == 400
    assert bearer_authenticate(meta["access_token"])


@pytest.mark.django_db(transaction=True)
def test_of_two_refreshes_at_once_one_wins_and_the_family_ends():
    token = sign_in(member())["refresh_token"]
    together, codes = threading.Barrier(2), []

    def run() -> None:
        together.wait()
        codes.append(refresh(token).status_code)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 400]
    assert not Session.objects.exists()


def test_signing_out_ends_the_access_token():
    token = sign_in(member())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert Client().delete(f"{APP}/auth/session", headers=headers).status_code == 401
    assert refused(token)


def test_another_password_ends_the_access_tokens():
    person = member()
    token = sign_in(person)["access_token"]
    person.set_password("another long password")
    person.save()
    assert refused(token)


def test_a_second_factor_is_asked_for():
    person = member()
    TOTP.activate(person, generate_totp_secret())
    answer = post("auth/login", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 401
    assert "access_token" not in answer.json()["meta"]
    pending = [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]
    assert pending == ["mfa_authenticate"]
