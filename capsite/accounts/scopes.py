"""Roles of people, and the scopes that say what a key of theirs may do."""

from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils.translation import gettext_lazy as _

Person = AbstractBaseUser | AnonymousUser

MODERATORS = "moderators"
_REMEMBERED = "_capsite_role"


class Scope(StrEnum):
    """What a token may be allowed."""

    CAPTIONS_READ = "captions:read"
    CAPTIONS_WRITE = "captions:write"
    ANNOTATIONS_WRITE = "annotations:write"
    MODERATION = "moderation"


class Role(StrEnum):
    """What somebody is to this site."""

    VISITOR = "visitor"
    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


SCOPE_WORDS = {
    Scope.CAPTIONS_READ: _("See photos, captions and published texts that you can see"),
    Scope.CAPTIONS_WRITE: _("Upload photos, ask for captions, vote, and manage albums"),
    Scope.ANNOTATIONS_WRITE: _("Edit the published texts of photos"),
    Scope.MODERATION: _("Decide reported captions, where you are a moderator"),
}

ROLE_WORDS = {
    Role.VISITOR: _("Visitor"),
    Role.MEMBER: _("Member"),
    Role.MODERATOR: _("Moderator"),
    Role.ADMINISTRATOR: _("Administrator"),
}


def role_of(person: Person) -> Role:
    """Return the role; asked once of the database for each ``person`` object."""
    if not person.is_authenticated:
        return Role.VISITOR
    role = getattr(person, _REMEMBERED, None)
    if role is None:
        role = _role_of(person)
        setattr(person, _REMEMBERED, role)
    return role


def scopes_of(person: Person) -> frozenset[Scope]:
    """Return everything ``person`` may do; a token of theirs never does more."""
    role = role_of(person)
    if role is Role.VISITOR:
        return _visitor_scopes()
    if role is Role.MEMBER:
        return frozenset(Scope) - {Scope.MODERATION}
    return frozenset(Scope)


def _role_of(person: Person) -> Role:
    if getattr(person, "is_superuser", False):
        return Role.ADMINISTRATOR
    groups = getattr(person, "groups", None)
    if groups is not None and groups.filter(name=MODERATORS).exists():
        return Role.MODERATOR
    return Role.MEMBER


def _visitor_scopes() -> frozenset[Scope]:
    if settings.CAPSITE_ANONYMOUS_UPLOADS:
        return frozenset({Scope.CAPTIONS_READ, Scope.CAPTIONS_WRITE})
    return frozenset({Scope.CAPTIONS_READ})
