"""The grant behind a request: what it may do, until when, and the id that can end it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from capsite.accounts.scopes import Scope

Kind = Literal["visitor", "session", "jwt", "token", "oauth"]


@dataclass(frozen=True)
class Grant:
    """What a request may do; ``id`` is stable and holds no secret."""

    kind: Kind
    scopes: frozenset[Scope]
    id: str
    client: str = ""
    expires_at: datetime | None = None


def session_grant_id(session_key: str) -> str:
    """Return the id of what a browser's session opened."""
    return f"session:{_digest(session_key)}"


def jwt_grant_id(session_key: str) -> str:
    """Return the id of what the access tokens of one sign-in opened; they share a session."""
    return f"jwt:{_digest(session_key)}"


def token_grant_id(token_id: object) -> str:
    """Return the id of what a personal token opened."""
    return f"token:{token_id}"


def oauth_grant_id(token_id: object) -> str:
    """Return the id of what an OAuth access token opened."""
    return f"oauth:{token_id}"


def person_grant_id(person_id: object) -> str:
    """Return the id of everything a person opened, by whatever way."""
    return f"person:{person_id}"


def _digest(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()[:32]
