"""Other sites that people may sign in with, out of one JSON list in the environment."""

import json
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

NAME = "CAPSITE_SIGNIN_PROVIDERS"
OIDC = "openid_connect"
PACKAGE = "allauth.socialaccount.providers"
# Where the browser goes after the button; the content policy must know it.
ORIGINS = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.com",
    "google": "https://accounts.google.com",
    "microsoft": "https://login.microsoftonline.com",
}
SHAPE = (
    'a JSON list such as [{"provider": "openid_connect", "id": "work", "name": "Work", '
    '"server_url": "https://id.example.org", "client_id": "...", "secret": "..."}, '
    '{"provider": "github", "client_id": "...", "secret": "..."}]'
)


def providers_from(raw: str) -> dict[str, dict[str, Any]]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS, or refuse what is not of the right shape."""
    providers: dict[str, dict[str, Any]] = {}
    for entry in _entries(raw):
        provider = str(entry.get("provider", OIDC))
        _check(provider, entry)
        options = providers.setdefault(provider, {"APPS": []})
        options["APPS"].append(_app(provider, entry))
        if provider == OIDC:
            options["OAUTH_PKCE_ENABLED"] = True
    return providers


def provider_apps(providers: dict[str, dict[str, Any]]) -> list[str]:
    """Return the Django apps of these providers."""
    return [f"{PACKAGE}.{provider}" for provider in providers]


def provider_origins(providers: dict[str, dict[str, Any]]) -> list[str]:
    """Return the origins that a sign-in button leads to."""
    apps = [(name, app) for name, options in providers.items() for app in options["APPS"]]
    return sorted({_origin(name, app) for name, app in apps} - {""})


def _entries(raw: str) -> list[dict[str, Any]]:
    try:
        entries = json.loads(raw or "[]")
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ImproperlyConfigured(f"{NAME} must be {SHAPE}.")
    return entries


def _check(provider: str, entry: dict[str, Any]) -> None:
    needed = ["client_id", "secret"] + (["id", "name", "server_url"] if provider == OIDC else [])
    missing = [name for name in needed if not entry.get(name)]
    if missing:
        raise ImproperlyConfigured(f"{NAME}: {provider} needs {', '.join(missing)}.")
    if not provider.isidentifier() or find_spec(f"{PACKAGE}.{provider}") is None:
        raise ImproperlyConfigured(f"{NAME}: django-allauth knows no provider {provider!r}.")


def _app(provider: str, entry: dict[str, Any]) -> dict[str, Any]:
    app: dict[str, Any] = {"client_id": entry["client_id"], "secret": entry["secret"]}
    if provider == OIDC:
        app |= {"provider_id": entry["id"], "name": entry["name"]}
        app["settings"] = {"server_url": entry["server_url"]}
    if entry.get("origin"):
        app.setdefault("settings", {})["origin"] = entry["origin"]
    return app


def _origin(provider: str, app: dict[str, Any]) -> str:
    settings = app.get("settings", {})
    address = settings.get("origin") or settings.get("server_url") or ORIGINS.get(provider, "")
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
