"""What the environment says of mail, keys and providers, and how wrong values are refused."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from capsite.settings import env
from capsite.settings.parts.oidckey import private_key_from
from capsite.settings.parts.providers import provider_apps, provider_origins, providers_from

WORK = {
    "id": "work",
    "name": "Work",
    "server_url": "https://id.example.org/realm",
    "client_id": "capsite",
    "secret": "s",
}
GITHUB = {"provider": "github", "client_id": "c", "secret": "s"}


def test_providers_of_both_kinds():
    providers = providers_from(json.dumps([WORK, GITHUB]))
    assert provider_apps(providers) == [
        "allauth.socialaccount.providers.openid_connect",
        "allauth.socialaccount.providers.github",
    ]
    assert provider_origins(providers) == ["https://github.com", "https://id.example.org"]
    app = providers["openid_connect"]["APPS"][0]
    assert (app["provider_id"], app["settings"]["server_url"]) == ("work", WORK["server_url"])
    assert providers_from("") == {}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("{", "must be a JSON list"),
        ("{}", "must be a JSON list"),
        ('["x"]', "must be a JSON list"),
        (json.dumps([{**WORK, "secret": ""}]), "openid_connect needs secret"),
        (json.dumps([{**GITHUB, "provider": "nowhere"}]), "knows no provider 'nowhere'"),
        (json.dumps([{**GITHUB, "provider": "os.path"}]), "knows no provider"),
    ],
)
def test_wrong_providers_are_refused_by_name(raw, sentence):
    with pytest.raises(ImproperlyConfigured, match="CAPSITE_SIGNIN_PROVIDERS") as caught:
        providers_from(raw)
    assert sentence in str(caught.value)


def test_the_key_is_made_once_private_and_may_be_given(tmp_path):
    made = private_key_from("", tmp_path)
    assert private_key_from("", tmp_path) == made
    assert (tmp_path / "oidc-key.pem").stat().st_mode & 0o077 == 0
    assert private_key_from(made.replace("\n", "\\n"), tmp_path / "other") == made
    with pytest.raises(ImproperlyConfigured, match="CAPSITE_OIDC_KEY"):
        private_key_from("no key", tmp_path)


def test_mail_by_url(monkeypatch):
    monkeypatch.setenv("X", "smtp+tls://me:pass@mail.example.org:587")
    mail = env.email("X", "")
    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"], mail["EMAIL_USE_TLS"]) == (
        "mail.example.org",
        587,
        True,
    )
    monkeypatch.setenv("X", "mail.example.org")
    with pytest.raises(ImproperlyConfigured, match="mail URL"):
        env.email("X", "")
