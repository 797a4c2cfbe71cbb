"""Ends what sessions, tokens and people opened, whichever way they came to their own end."""

from importlib import import_module

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.conf import settings

from capsite.accounts.endings import grants_end_on_commit
from capsite.accounts.grant import (
    jwt_grant_id,
    oauth_grant_id,
    person_grant_id,
    session_grant_id,
    token_grant_id,
)
from capsite.accounts.models import PersonalToken, User


def session_ended(*, session_key: str) -> None:
    """Close the sockets of a session that is gone, and of its access tokens."""
    grants_end_on_commit([session_grant_id(session_key), jwt_grant_id(session_key)])


def token_ended(*, token_id: object) -> None:
    """Close the sockets of a personal token that is gone."""
    grants_end_on_commit([token_grant_id(token_id)])


def oauth_token_ended(*, token_id: object) -> None:
    """Close the sockets of an OAuth access token that is gone."""
    grants_end_on_commit([oauth_grant_id(token_id)])


def person_ended(*, person: User) -> None:
    """Close every socket of somebody who was deleted or may no longer sign in."""
    sessions = UserSession.objects.filter(user=person).values_list("session_key", flat=True)
    tokens = PersonalToken.objects.filter(person=person).values_list("pk", flat=True)
    granted = Token.objects.filter(user=person).values_list("pk", flat=True)
    grants_end_on_commit(
        [person_grant_id(person.pk)]
        + [grant_id(key) for key in sessions for grant_id in (session_grant_id, jwt_grant_id)]
        + [token_grant_id(key) for key in tokens]
        + [oauth_grant_id(key) for key in granted]
    )


def other_sessions_end(*, person: User, session_key: str | None) -> None:
    """End every session of ``person`` but the one named: the password has changed."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in UserSession.objects.filter(user=person).exclude(session_key=session_key or ""):
        store.delete(session.session_key)
        session.delete()
