"""Whose figures there are, and who may see them; the page and the API both ask here."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.statistics.models import EVERYTHING, PUBLIC
from capsite.accounts.scopes import Role, role_of
from capsite.common.errors import Forbidden
from gallery.access import Person, require_member


class Of(models.TextChoices):
    """Whose figures."""

    MINE = "mine", gettext_lazy("Mine")
    PUBLIC = "public", gettext_lazy("Everyone")
    ALL = "all", gettext_lazy("Whole site")


def figures_open(person: Person) -> list[Of]:
    """Return whose figures ``person`` may see, those that are shown unless asked first.

    Everybody sees what was counted over public photos and captions that are not hidden, members
    what is their own besides, and administrators everything there is.
    """
    role = role_of(person)
    if role is Role.ADMINISTRATOR:
        return [Of.ALL, Of.PUBLIC, Of.MINE]
    return [Of.PUBLIC] if role is Role.VISITOR else [Of.MINE, Of.PUBLIC]


def audience_for(person: Person, of: Of) -> str:
    """Return the audience whose rows are these figures, or refuse."""
    if of is Of.PUBLIC:
        return PUBLIC
    require_member(person)
    if of is Of.MINE:
        return str(person.pk)
    if Of.ALL not in figures_open(person):
        raise Forbidden(_("Only administrators see the figures of the whole site."))
    return EVERYTHING
