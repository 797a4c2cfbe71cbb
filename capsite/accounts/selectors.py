"""Reads of what belongs to a person's way in."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Count, Q, QuerySet

from capsite.accounts.models import PersonalToken, User

GRANTED = (Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN)


@dataclass(frozen=True)
class Application:
    """A program of others that a person let in."""

    client: Client
    scopes: list[str]
    since: datetime


@dataclass(frozen=True)
class SignIn:
    """How a person signs in; what the account page says of it."""

    email: str
    unconfirmed: int
    totp: bool
    passkeys: int
    recovery_codes: bool
    connections: int
    sessions: int


def tokens_of(person: User) -> QuerySet[PersonalToken]:
    """Return the person's tokens that were not revoked, newest first."""
    return PersonalToken.objects.filter(person=person, revoked_at__isnull=True)


def applications_of(person: User) -> list[Application]:
    """Return the programs that hold a living token of this person, by name."""
    tokens = Token.objects.valid().filter(user=person, client__isnull=False, type__in=GRANTED)
    held: dict[str, list[Token]] = {}
    for token in tokens.select_related("client").order_by("client__name", "created_at"):
        held.setdefault(str(token.client_id), []).append(token)
    return [_application(several) for several in held.values()]


def sign_in_of(person: User) -> SignIn:
    """Return addresses, second factors and connected sites of a person."""
    addresses = EmailAddress.objects.filter(user=person)
    factors = Authenticator.objects.filter(user=person).aggregate(
        totp=Count("pk", Q(type=Authenticator.Type.TOTP)),
        passkeys=Count("pk", Q(type=Authenticator.Type.WEBAUTHN)),
        codes=Count("pk", Q(type=Authenticator.Type.RECOVERY_CODES)),
    )
    return SignIn(
        email=person.email,
        unconfirmed=addresses.filter(verified=False).count(),
        totp=bool(factors["totp"]),
        passkeys=factors["passkeys"],
        recovery_codes=bool(factors["codes"]),
        connections=SocialAccount.objects.filter(user=person).count(),
        sessions=UserSession.objects.filter(user=person).count(),
    )


def _application(tokens: list[Token]) -> Application:
    client = tokens[0].client
    assert client is not None  # the query asks for tokens with a client
    scopes = sorted({scope for token in tokens for scope in token.get_scopes()})
    return Application(client, scopes, min(token.created_at for token in tokens))
