"""Which grant a request has, and whether it covers a scope; every surface asks here."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from capsite.accounts.bearers import bearer_authenticate
from capsite.accounts.grant import Grant, session_grant_id
from capsite.accounts.scopes import Person, Scope, scopes_of
from capsite.common.errors import CapsiteError, Forbidden

__all__ = [
    "Grant",
    "bearer_authenticate",
    "grant_of",
    "person_grant",
    "require_scope",
    "require_session",
]


def grant_of(request: Any) -> Grant:
    """Return the grant of a Django or DRF request: its token's, its session's, or a visitor's."""
    auth = getattr(request, "auth", None)
    if isinstance(auth, Grant):
        return auth
    key = getattr(getattr(request, "session", None), "session_key", None)
    return person_grant(getattr(request, "user", AnonymousUser()), session_key=key)


def person_grant(person: Person, *, session_key: str | None = None) -> Grant:
    """Return the grant of somebody who came without a token."""
    if not person.is_authenticated:
        return Grant(kind="visitor", scopes=scopes_of(person), id="visitor")
    # A request made up by a program of our own has a person and no session.
    grant_id = session_grant_id(session_key or f"none-{person.pk}")
    return Grant(kind="session", scopes=scopes_of(person), id=grant_id)


def require_scope(grant: Grant, scope: Scope) -> None:
    """Refuse what the grant does not cover, naming what is missing."""
    if scope in grant.scopes:
        return
    if grant.kind == "visitor":
        raise Forbidden(_("Sign in to do this."), code="sign_in_required")
    raise CapsiteError(
        "insufficient_scope",
        _("This needs the scope %(scope)s, which you or your token do not have.")
        % {"scope": scope.value},
        status=403,
        scope=scope.value,
    )


def require_session(grant: Grant) -> None:
    """Refuse tokens what only a person who signed in may do, such as making tokens."""
    if grant.kind == "visitor":
        raise Forbidden(_("Sign in to do this."), code="sign_in_required")
    if grant.kind not in ("session", "jwt"):
        raise Forbidden(
            _("Tokens may not do this. Sign in with your password or passkey."),
            code="session_required",
        )
