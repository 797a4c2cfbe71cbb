"""Who may see and do what with a caption; pages, APIs and sockets all ask here."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from capsite.accounts.scopes import Role, role_of
from capsite.common.errors import Forbidden, NotFound
from captions.models import Caption, ModerationCase
from gallery.access import Person, may_see


def caption_for(
    person: Person, caption_id: UUID | str, within: QuerySet[Caption] | None = None
) -> Caption:
    """Return the caption with its photo and model, or ``NotFound`` as for its photo."""
    captions = Caption.objects.all() if within is None else within
    caption = captions.select_related("image", "model").filter(pk=caption_id).first()
    if caption is None or not may_see(person, caption.image):
        raise NotFound(_("There is no such caption, or its photo is private."))
    return caption


def may_moderate(person: Person) -> bool:
    """Moderators and administrators may."""
    return role_of(person) in (Role.MODERATOR, Role.ADMINISTRATOR)


def require_moderator(person: Person) -> None:
    """Refuse those who are neither moderator nor administrator."""
    if not may_moderate(person):
        raise Forbidden(_("Only moderators may do this."))


def case_for(
    person: Person, case_id: UUID | str, within: QuerySet[ModerationCase] | None = None
) -> ModerationCase:
    """Return a moderation case with its caption, hidden or not; moderators only."""
    require_moderator(person)
    cases = ModerationCase.objects.all() if within is None else within
    case = cases.select_related("decided_by").filter(pk=case_id).first()
    if case is None:
        raise NotFound(_("There is no such moderation case."))
    return case
