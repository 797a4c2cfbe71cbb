"""The OAuth2 and OpenID Connect server, asked by Authlib over real HTTP."""

import re
from datetime import timedelta
from html import unescape

import httpx
import jwt
import pytest
from allauth.idp.oidc.models import Token
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from django.test import Client
from django.utils import timezone

from capsite.accounts.grants import bearer_authenticate
from capsite.accounts.scopes import Scope
from capsite.accounts.selectors import applications_of
from capsite.common.errors import CapsiteError
from tests.capsite.accounts.people import member, program

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "a secret of a program"
BACK = "http://127.0.0.1:9/callback"
SCOPES = "openid profile captions:read captions:write moderation"


@pytest.fixture
def site(live_server) -> str:
    return live_server.url


@pytest.fixture
def reader():
    return program()


def library(client_id: str, secret: str | None = SECRET, **options) -> OAuth2Client:
    method = "client_secret_basic" if secret else "none"
    return OAuth2Client(
        client_id,
        secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope=SCOPES,
        redirect_uri=BACK,
        code_challenge_method="S256",
        **options,
    )


def browser_of(person, site: str) -> httpx.Client:
    inner = Client()
    inner.force_login(person)
    cookies = {"sessionid": inner.cookies["sessionid"].value}
    return httpx.Client(base_url=site, cookies=cookies, headers={"Referer": site})


def consent(browser: httpx.Client, address: str, action: str = "grant", scopes=None) -> str:
    page = browser.get(address)
    assert page.status_code == 200, page.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    offered = re.findall(r'name="scopes" value="([^"]+)"', page.text)
    answer = browser.post(
        "/identity/o/authorize",
        data={name: unescape(text) for name, text in hidden.items()}
        | {"scopes": scopes or offered, "action": action},
    )
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def granted(site: str, reader, person, **options) -> tuple[OAuth2Client, dict]:
    oauth, verifier = library(reader.pk), generate_token(48)
    address, _state = oauth.create_authorization_url(
        f"{site}/identity/o/authorize", code_verifier=verifier
    )
    back = consent(browser_of(person, site), address, **options)
    token = oauth.fetch_token(
        f"{site}/identity/o/api/token", authorization_response=back, code_verifier=verifier
    )
    return oauth, token


def api(site: str, access: str) -> int:
    headers = {"Authorization": f"Bearer {access}"}
    return httpx.get(f"{site}/api/v2/me", headers=headers).status_code


def refused(access: str) -> bool:
    with pytest.raises(CapsiteError) as caught:
        bearer_authenticate(access)
    return caught.value.code == "invalid_token"


def test_the_code_flow_with_pkce(site, reader):
    person = member()
    _oauth, token = granted(site, reader, person)
    found, grant = bearer_authenticate(token["access_token"])
    assert found == person
    assert (grant.kind, grant.client) == ("oauth", "Reader")
    # A member is no moderator, so neither is the program.
    assert grant.scopes == {Scope.CAPTIONS_READ, Scope.CAPTIONS_WRITE}
    assert api(site, token["access_token"]) == 200
    key = jwt.PyJWKClient(f"{site}/.well-known/jwks.json").get_signing_key_from_jwt(
        token["id_token"]
    )
    said = jwt.decode(token["id_token"], key, ["RS256"], audience=reader.pk, issuer=site)
    assert said["sub"] == str(person.pk)
    assert said["preferred_username"] == "mira"
    info = httpx.get(
        f"{site}/identity/o/api/userinfo",
        headers={"Authorization": f"Bearer {token['access_token']}"},
    )
    assert info.json()["preferred_username"] == "mira"


def test_an_id_token_opens_no_api(site, reader):
    _oauth, token = granted(site, reader, member())
    assert refused(token["id_token"])
    assert refused(token["refresh_token"])
    assert api(site, token["id_token"]) == 401


def test_the_person_may_grant_less_than_was_asked(site, reader):
    _oauth, token = granted(site, reader, member(), scopes=["openid", "captions:read"])
    assert bearer_authenticate(token["access_token"])[1].scopes == {Scope.CAPTIONS_READ}


def test_a_stolen_code_is_worth_nothing_without_the_verifier(site, reader):
    oauth, person = library(reader.pk), member()
    address, _state = oauth.create_authorization_url(
        f"{site}/identity/o/authorize", code_verifier=generate_token(48)
    )
    back = consent(browser_of(person, site), address)
    with pytest.raises(OAuthError):
        oauth.fetch_token(
            f"{site}/identity/o/api/token",
            authorization_response=back,
            code_verifier=generate_token(48),
        )
    assert not Token.objects.exists()


def test_a_public_program_must_use_pkce(site):
    public = program(type="public")
    oauth = library(public.pk, None)
    oauth.code_challenge_method = None
    address, _state = oauth.create_authorization_url(f"{site}/identity/o/authorize")
    answer = browser_of(member(), site).get(address)
    assert answer.status_code == 302
    assert "error=invalid_request" in answer.headers["Location"]


def test_a_foreign_callback_is_shown_to_the_person_and_never_followed(site, reader):
    oauth = library(reader.pk)
    oauth.redirect_uri = "https://evil.example/callback"
    address, _state = oauth.create_authorization_url(
        f"{site}/identity/o/authorize", code_verifier=generate_token(48)
    )
    answer = browser_of(member(), site).get(address)
    assert "Location" not in answer.headers


def test_declining_tells_the_program(site, reader):
    oauth = library(reader.pk)
    address, state = oauth.create_authorization_url(
        f"{site}/identity/o/authorize", code_verifier=generate_token(48)
    )
    back = consent(browser_of(member(), site), address, action="cancel")
    assert back == f"{BACK}?error=access_denied&state={state}"


def test_refresh_gives_new_tokens_and_uses_up_the_old_one(site, reader):
    oauth, token = granted(site, reader, member())
    url = f"{site}/identity/o/api/token"
    new = oauth.refresh_token(url, refresh_token=token["refresh_token"])
    assert new["refresh_token"] != token["refresh_token"]
    assert bearer_authenticate(new["access_token"])
    with pytest.raises(OAuthError):
        oauth.refresh_token(url, refresh_token=token["refresh_token"])


def test_revoking_the_refresh_token_takes_the_access_token_along(site, reader):
    person = member()
    oauth, token = granted(site, reader, person)
    assert [held.client.name for held in applications_of(person)] == ["Reader"]
    oauth.revoke_token(
        f"{site}/identity/o/api/revoke",
        token=token["refresh_token"],
        token_type_hint="refresh_token",
    )
    assert refused(token["access_token"])
    assert applications_of(person) == []


def test_revoking_an_access_token(site, reader):
    oauth, token = granted(site, reader, member())
    oauth.revoke_token(f"{site}/identity/o/api/revoke", token=token["access_token"])
    assert refused(token["access_token"])


def test_client_credentials_act_for_the_owner(site):
    owner = member()
    oauth = library(program(owner=owner).pk)
    token = oauth.fetch_token(f"{site}/identity/o/api/token", grant_type="client_credentials")
    found, grant = bearer_authenticate(token["access_token"])
    assert found == owner
    assert grant.scopes == {Scope.CAPTIONS_READ, Scope.CAPTIONS_WRITE}
    assert api(site, token["access_token"]) == 200


def test_a_program_without_an_owner_acts_for_nobody(site):
    oauth = library(program().pk)
    token = oauth.fetch_token(f"{site}/identity/o/api/token", grant_type="client_credentials")
    assert refused(token["access_token"])


def test_a_wrong_client_secret_gets_nothing(site, reader):
    with pytest.raises(OAuthError):
        library(reader.pk, "wrong").fetch_token(
            f"{site}/identity/o/api/token", grant_type="client_credentials"
        )


def test_tokens_for_other_resources_are_not_given(site, reader):
    for resource, status in ((f"{site}/", 200), ("https://other.example/", 400), ("x", 400)):
        answer = httpx.post(
            f"{site}/identity/o/api/token",
            auth=(reader.pk, SECRET),
            data={"grant_type": "client_credentials", "resource": resource},
        )
        assert answer.status_code == status, answer.text


def test_expired_access_tokens_open_nothing(site, reader):
    _oauth, token = granted(site, reader, member())
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(token["access_token"])


def test_discovery_names_the_scopes(site):
    said = httpx.get(f"{site}/.well-known/openid-configuration").json()
    assert set(said["scopes_supported"]) >= {"openid", *(scope.value for scope in Scope)}
    assert said["issuer"] == site
