"""Access tokens of the app client: allauth's JWTs with an audience, and one use of each refresh."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest


@dataclass(frozen=True)
class AccessToken:
    """A valid access token: whose it is, the session it belongs to, and its end."""

    person: AbstractBaseUser
    session_key: str
    expires_at: datetime


def access_token_read(raw: str) -> AccessToken | None:
    """Return what a valid access token says; its session must live and its audience be ours."""
    valid = internal.validate_access_token(raw)
    if valid is None:
        return None
    person, payload = valid
    key = internal.session_key_from_sid(payload["sid"])
    if not _is_for_us(payload) or key is None:
        return None
    return AccessToken(person, key, datetime.fromtimestamp(payload["exp"], UTC))


class TokenStrategy(JWTTokenStrategy):
    """Adds what allauth leaves open: audience and issuer, and the end of a replayed family."""

    def get_claims(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Name whom the token is for and who made it."""
        return {"aud": settings.CAPSITE_JWT_AUDIENCE, "iss": settings.CAPSITE_JWT_AUDIENCE}

    def get_session_token(self, request: HttpRequest) -> str | None:
        """Return the session of the request's token, if the token is for this site."""
        payload = self._get_access_token(request)
        if payload and not _is_for_us(payload):
            return None
        return super().get_session_token(request)

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Give a new pair for an unused refresh token; a used one ends the whole sign-in."""
        key = _session_key(refresh_token)
        if key is None:
            return None
        with transaction.atomic():
            # One refresh of a sign-in at a time, or two could both count as the first use.
            Session.objects.select_for_update().filter(pk=key).first()
            pair = super().refresh_token(refresh_token)
        if pair is None:
            _end_family(key)
        return pair


def _is_for_us(payload: dict[str, Any]) -> bool:
    audience = payload.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return settings.CAPSITE_JWT_AUDIENCE in audiences


def _session_key(refresh_token: str) -> str | None:
    """Return the session of a refresh token that this site signed and that has not expired."""
    payload = internal.decode_token(refresh_token, "refresh")
    return internal.session_key_from_sid(payload["sid"]) if payload else None


def _end_family(session_key: str) -> None:
    import_module(settings.SESSION_ENGINE).SessionStore().delete(session_key)
