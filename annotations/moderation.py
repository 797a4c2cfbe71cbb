"""Decides a case by publishing a text of the moderator's in the place of the caption."""

from uuid import UUID

from django.db import transaction

from annotations.services import annotation_edit
from captions.models import Decision, ModerationCase
from captions.services.moderation import case_close, case_take
from gallery.access import Person


@transaction.atomic
def case_replace(
    *, person: Person, case_id: UUID, text: str, base_version: int, note: str = ""
) -> ModerationCase:
    """Publish ``text`` in the caption's language on top of ``base_version``, and hide the caption.

    Raises EditConflict when somebody published meanwhile, and then decides nothing.
    """
    case = case_take(person=person, case_id=case_id)
    annotation_edit(
        person=person,
        image_id=case.caption.image_id,
        language=case.caption.language,
        text=text,
        base_version=base_version,
    )
    return case_close(case, person=person, decision=Decision.REPLACE, note=note)
