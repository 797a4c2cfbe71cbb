"""Thin edges: what Django and allauth tell of, handed to the service that acts on it."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete, post_save, pre_delete

from capsite.accounts import idle
from capsite.accounts.models import PersonalToken, User
from capsite.accounts.services import closing, roles


def connect() -> None:
    """Connect every edge; once, when the app is ready."""
    post_delete.connect(_session_deleted, sender=Session)
    post_delete.connect(_session_deleted, sender=UserSession)
    post_delete.connect(_token_deleted, sender=PersonalToken)
    post_delete.connect(_oauth_token_deleted, sender=Token)
    post_save.connect(_person_saved, sender=User)
    pre_delete.connect(_person_deleted, sender=User)
    user_logged_in.connect(_signed_in)
    for changed in (password_changed, password_set, password_reset):
        changed.connect(_password_changed)


def migrated(**kwargs: Any) -> None:
    """After migrations: the moderators' group exists."""
    roles.moderators_ensure()


def _session_deleted(instance: Session | UserSession, **kwargs: Any) -> None:
    closing.session_ended(session_key=instance.session_key)


def _token_deleted(instance: PersonalToken, **kwargs: Any) -> None:
    closing.token_ended(token_id=instance.pk)


def _oauth_token_deleted(instance: Token, **kwargs: Any) -> None:
    closing.oauth_token_ended(token_id=instance.pk)


def _person_saved(instance: User, created: bool, **kwargs: Any) -> None:
    if not created and not instance.is_active:
        closing.person_ended(person=instance)


def _person_deleted(instance: User, **kwargs: Any) -> None:
    closing.person_ended(person=instance)


def _signed_in(request: Any, **kwargs: Any) -> None:
    idle.begin(request)


def _password_changed(request: Any, user: User, **kwargs: Any) -> None:
    closing.other_sessions_end(person=user, session_key=request.session.session_key)
