"""Turns the secret of an Authorization header into a person and a grant, or refuses it."""

from allauth.idp.oidc.models import Token
from django.utils.translation import gettext as _

from capsite.accounts.grant import Grant, jwt_grant_id, oauth_grant_id, token_grant_id
from capsite.accounts.jwt import access_token_read
from capsite.accounts.models import PersonalToken, User
from capsite.accounts.scopes import Scope, scopes_of
from capsite.accounts.services.tokens import PREFIX, token_digest, token_used
from capsite.common.errors import CapsiteError

LONGEST = 4096
KNOWN = {scope.value for scope in Scope}


def bearer_authenticate(raw: str) -> tuple[User, Grant]:
    """Return whose token this is and what it may do, or refuse it with ``invalid_token``."""
    found = _found(raw) if raw.isascii() and 0 < len(raw) <= LONGEST else None
    if found is None or not found[0].is_active:
        raise invalid_token()
    return found


def invalid_token() -> CapsiteError:
    """Return the one answer to every token that opens nothing; it does not say why."""
    message = _("This token is unknown, has expired or was revoked. Sign in again or make another.")
    return CapsiteError("invalid_token", message, status=401)


def _found(raw: str) -> tuple[User, Grant] | None:
    if raw.startswith(PREFIX):
        return _personal(raw)
    if raw.count(".") == 2:
        return _jwt(raw) or _oauth(raw)
    return _oauth(raw)


def _personal(raw: str) -> tuple[User, Grant] | None:
    token = PersonalToken.objects.select_related("person").filter(digest=token_digest(raw)).first()
    if token is None or not token.alive:
        return None
    token_used(token=token)
    scopes = _within(token.scopes, token.person)
    grant = Grant("token", scopes, token_grant_id(token.pk), token.name, token.expires_at)
    return token.person, grant


def _jwt(raw: str) -> tuple[User, Grant] | None:
    token = access_token_read(raw)
    if token is None or not isinstance(token.person, User):
        return None
    grant_id = jwt_grant_id(token.session_key)
    scopes = scopes_of(token.person)
    return token.person, Grant("jwt", scopes, grant_id, "app", token.expires_at)


def _oauth(raw: str) -> tuple[User, Grant] | None:
    tokens = Token.objects.select_related("user", "client__owner")
    token = tokens.lookup(Token.Type.ACCESS_TOKEN, raw)
    if token is None or token.client is None:
        return None
    # Client credentials name no person: the program acts for whoever registered it.
    person = token.user or token.client.owner
    if not isinstance(person, User):
        return None
    scopes = _within(token.get_scopes(), person)
    grant_id = oauth_grant_id(token.pk)
    return person, Grant("oauth", scopes, grant_id, token.client.name, token.expires_at)


def _within(scopes: list[str], person: User) -> frozenset[Scope]:
    """Return those scopes that the person has as well."""
    return frozenset(Scope(scope) for scope in scopes if scope in KNOWN) & scopes_of(person)
