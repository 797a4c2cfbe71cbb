"""Thin edges of the audit log: what Django and allauth tell of, handed to its writer."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_login_failed
from django.db.models.signals import m2m_changed, post_delete, pre_delete, pre_save
from django.http import HttpRequest

from capsite.accounts import audit, bursts
from capsite.accounts.models import PersonalToken, User
from capsite.accounts.services import standing


def connect() -> None:
    """Connect every edge; once, when the app is ready."""
    account.user_logged_in.connect(_signed_in)
    user_login_failed.connect(_refused)
    mfa.authentication_failed.connect(_factor_refused)
    for changed in (account.password_changed, account.password_set, account.password_reset):
        changed.connect(_password_changed)
    account.email_changed.connect(_email_changed)
    mfa.authenticator_added.connect(_factor_added)
    mfa.authenticator_removed.connect(_factor_removed)
    mfa.authenticator_reset.connect(_factor_renewed)
    post_delete.connect(_token_deleted, sender=PersonalToken)
    pre_save.connect(_person_saved, sender=User)
    m2m_changed.connect(_groups_changed, sender=User.groups.through)
    pre_delete.connect(_person_deleted, sender=User)


def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.signed_in(request, user)


def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    login = credentials.get("username") or credentials.get("email") or ""
    bursts.sign_in_failed(request=request, login=str(login))


def _factor_refused(request: HttpRequest, user: User, **kwargs: Any) -> None:
    bursts.sign_in_failed(request=request, login=user.get_username())


def _password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.note(audit.Kind.PASSWORD_CHANGED, by=user, about=user, request=request)


def _email_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.note(audit.Kind.EMAIL_CHANGED, by=user, about=user, request=request)


def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    kind, facts = audit.Kind.FACTOR_ADDED, {"factor": str(authenticator.type)}
    audit.note(kind, by=user, about=user, request=request, facts=facts)


def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    kind, facts = audit.Kind.FACTOR_REMOVED, {"factor": str(authenticator.type)}
    audit.note(kind, by=user, about=user, request=request, facts=facts)


def _factor_renewed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    kind, facts = audit.Kind.FACTOR_RENEWED, {"factor": str(authenticator.type)}
    audit.note(kind, by=user, about=user, request=request, facts=facts)


def _token_deleted(instance: PersonalToken, **kwargs: Any) -> None:
    if instance.revoked_at is None:  # otherwise its end was noted
        facts = {"token": instance.name}
        audit.note(audit.Kind.TOKEN_REVOKED, about=instance.person, facts=facts)


def _person_saved(
    instance: User, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    standing.standing_noted(person=instance, fields=update_fields)


def _groups_changed(action: str, instance: Any, pk_set: set[int] | None, **kwargs: Any) -> None:
    if action in ("post_add", "post_remove", "pre_clear"):
        gained = action == "post_add"
        standing.groups_noted(changed=instance, others=pk_set, gained=gained)


def _person_deleted(instance: User, **kwargs: Any) -> None:
    audit.note(audit.Kind.PERSON_DELETED, about=instance)
