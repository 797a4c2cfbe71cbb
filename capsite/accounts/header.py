"""The Authorization header; apart from the views, because REST framework loads it before them."""

from typing import Any

from rest_framework.authentication import BaseAuthentication

from capsite.accounts.bearers import bearer_authenticate
from capsite.accounts.grant import Grant
from capsite.accounts.models import User


def bearer_of(header: str) -> str | None:
    """Return the token of an Authorization header, or None where it is of another kind."""
    scheme, _space, raw = header.strip().partition(" ")
    return raw.strip() if scheme.lower() == "bearer" else None


class BearerAuthentication(BaseAuthentication):
    """Accepts personal tokens, the app client's JWTs and OAuth access tokens."""

    def authenticate(self, request: Any) -> tuple[User, Grant] | None:
        """Return person and grant, or None where the request carries no bearer token."""
        raw = bearer_of(request.headers.get("Authorization", ""))
        return None if raw is None else bearer_authenticate(raw)

    def authenticate_header(self, request: Any) -> str:
        """Name the scheme, as a 401 must."""
        return 'Bearer realm="capsite"'
