"""What a person changes about themselves, and whom they let in."""

from allauth.account.adapter import get_adapter
from allauth.idp.oidc.models import Token
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from capsite.accounts.models import User
from capsite.accounts.selectors import GRANTED
from capsite.common.errors import CapsiteError, NotFound


def profile_update(*, person: User, username: str) -> User:
    """Give a person another user name, by the rules of sign-up."""
    if username == person.username:
        return person
    shortest = settings.ACCOUNT_USERNAME_MIN_LENGTH
    if len(username) < shortest:
        raise _bad_name(_("A user name has at least %(least)d characters.") % {"least": shortest})
    same = username.lower() == person.username.lower()  # one's own name is not taken
    try:
        person.username = get_adapter().clean_username(username, shallow=same)
        with transaction.atomic():
            person.save(update_fields=["username"])
    except ValidationError as error:
        raise _bad_name(error.messages[0]) from error
    except IntegrityError as error:  # somebody took it at the same moment
        raise _bad_name(_("A user with that username already exists.")) from error
    return person


def _bad_name(message: str) -> CapsiteError:
    return CapsiteError("username_invalid", message, field="username")


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
