"""What a person changes about themselves, and whom they let in."""

from allauth.account.adapter import get_adapter
from allauth.idp.oidc.models import Token
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from capsite.accounts.models import User
from capsite.accounts.selectors import GRANTED
from capsite.common.errors import CapsiteError, NotFound


@transaction.atomic
def profile_update(*, person: User, username: str) -> User:
    """Give a person another user name, by the rules of sign-up."""
    if username != person.username:
        try:
            person.username = get_adapter().clean_username(username)
        except ValidationError as error:
            raise CapsiteError("username_invalid", error.messages[0], field="username") from error
        person.save(update_fields=["username"])
    return person


@transaction.atomic
def application_revoke(*, person: User, client_id: str) -> None:
    """Take back every token a program holds for this person; again is no error."""
    Token.objects.filter(user=person, client_id=client_id, type__in=GRANTED).delete()


def session_end(*, request: HttpRequest, person: User, session_id: int) -> None:
    """End one of a person's sessions; their own one signs them out."""
    session = UserSession.objects.filter(user=person, pk=session_id).first()
    if session is None:
        raise NotFound(_("You have no such session."))
    end_sessions(request, [session])


def refresh_token_ended(*, token: Token) -> None:
    """A refresh token was revoked: end the access tokens of its program and person as well."""
    Token.objects.filter(
        client_id=token.client_id, user_id=token.user_id, type=Token.Type.ACCESS_TOKEN
    ).delete()
