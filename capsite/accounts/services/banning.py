"""Shuts a member out, with everything they had opened, and lets them in again."""

from importlib import import_module

from allauth.idp.oidc.models import Token
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from capsite.accounts import audit
from capsite.accounts.models import PersonalToken, User
from capsite.accounts.scopes import Person, Role, role_of
from capsite.accounts.services.closing import person_ended
from capsite.common.errors import CapsiteError


@transaction.atomic
def person_ban(*, person: User, by: Person, reason: str = "") -> None:
    """End a member's sessions and tokens and let them open no more; again changes nothing.

    Who calls this has checked that ``by`` may. Moderators and administrators are not banned: an
    administrator takes their role first.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if role_of(person) is not Role.MEMBER or person.is_staff:
        message = _("%(name)s is no plain member. Take their role first.")
        named = {"name": person.get_username()}
        raise CapsiteError("cannot_ban", message % named, status=409, field="decision")
    if not person.is_active:
        return
    person_ended(person=person)  # first, while it is known what they have open
    _end_everything(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    audit.note(audit.Kind.PERSON_BANNED, by=by, about=person, facts={"reason": reason})


@transaction.atomic
def person_restore(*, person: User, by: Person) -> None:
    """Let a banned member sign in again; sessions and tokens they make anew."""
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.is_active:
        return
    User.objects.filter(pk=person.pk).update(is_active=True)
    audit.note(audit.Kind.PERSON_RESTORED, by=by, about=person)


def _end_everything(person: User) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for session in UserSession.objects.filter(user=person):
        store.delete(session.session_key)
        session.delete()
    alive = PersonalToken.objects.filter(person=person, revoked_at__isnull=True)
    alive.update(revoked_at=timezone.now())
    Token.objects.filter(user=person).delete()
