"""Notes in the audit log who gained or lost a role, and lets open sockets learn of it."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group

from capsite.accounts import audit
from capsite.accounts.endings import grants_end_on_commit
from capsite.accounts.grant import person_grant_id
from capsite.accounts.models import User
from capsite.accounts.scopes import MODERATORS, Role

ROLES = {"is_superuser": Role.ADMINISTRATOR.value, "is_staff": "staff"}
FIELDS = {*ROLES, "is_active"}


def standing_noted(*, person: User, fields: Iterable[str] | None) -> None:
    """Note what the save of ``person`` that is under way changes; ``fields`` None saves all."""
    if fields is not None and not FIELDS & set(fields):
        return
    before = User.objects.filter(pk=person.pk).values(*FIELDS).first() if person.pk else None
    before = before or {"is_superuser": False, "is_staff": False, "is_active": True}
    for field, role in ROLES.items():
        if before[field] != getattr(person, field):
            _role_noted(person, role, gained=getattr(person, field))
    if before["is_active"] != person.is_active:
        kinds = {True: audit.Kind.PERSON_RESTORED, False: audit.Kind.PERSON_BANNED}
        audit.note(kinds[person.is_active], about=person)


def groups_noted(*, changed: Any, others: Iterable[int] | None, gained: bool) -> None:
    """Note who joined or left the moderators: a person's groups changed, or a group's people.

    ``others`` are the keys of the groups or people concerned, None for all.
    """
    if isinstance(changed, Group):
        rows = changed.user_set.all() if others is None else User.objects.filter(pk__in=others)
        people = list(rows) if changed.name == MODERATORS else []
    else:
        groups = Group.objects.filter(pk__in=others) if others is not None else changed.groups
        people = [changed] if groups.filter(name=MODERATORS).exists() else []
    for person in people:
        _role_noted(person, Role.MODERATOR.value, gained=gained)


def _role_noted(person: User, role: str, *, gained: bool) -> None:
    audit.note(audit.Kind.ROLE_CHANGED, about=person, facts={"role": role, "gained": gained})
    if person.pk:  # their sockets were opened with what they were allowed before
        grants_end_on_commit([person_grant_id(person.pk)])
