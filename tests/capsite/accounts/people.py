"""People with passwords and confirmed addresses, and programs that were registered."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client as Program
from django.contrib.auth.models import Group
from django.utils import timezone

from capsite.accounts.models import PersonalToken, User
from capsite.accounts.scopes import MODERATORS, Scope
from capsite.accounts.services.tokens import token_create
from tests.factories import UserFactory

PASSWORD = "a long enough password"
READ = [Scope.CAPTIONS_READ.value]


def member(name: str = "mira", **fields) -> User:
    """A person who signed up and confirmed their address."""
    person = UserFactory(username=name, email=f"{name}@example.org", **fields)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def moderator(name: str = "mona") -> User:
    """A member of the moderators' group."""
    person = member(name)
    person.groups.add(Group.objects.get(name=MODERATORS))
    return person


def token_of(person: User, scopes: list[str] | None = None) -> tuple[PersonalToken, str]:
    """A personal token for a day."""
    expires_at = timezone.now() + timedelta(days=1)
    return token_create(person=person, name="script", scopes=scopes or READ, expires_at=expires_at)


def program(name: str = "Reader", secret: str = "a secret of a program", **fields) -> Program:
    """A program registered with the OAuth server."""
    made = Program(
        name=name,
        redirect_uris=fields.pop("redirect_uris", "http://127.0.0.1:9/callback"),
        scopes="\n".join(["openid", "profile", "email", *(scope.value for scope in Scope)]),
        grant_types="\n".join(["authorization_code", "refresh_token", "client_credentials"]),
        **fields,
    )
    made.set_secret(secret)
    made.save()
    return made
