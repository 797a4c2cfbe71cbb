"""The only writer of moderation cases and of what they hide."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.push import push_on_commit
from capsite.common.texts import tidy_text
from captions.access import case_for, require_moderator
from captions.models import Caption, CaseState, Decision, ModerationCase
from captions.policy import Counts, Policy, reason_for_case
from captions.webhooks.events import Event, event_emit
from gallery.access import Person
from gallery.services.events import audience

MODERATORS_GROUP = "moderators"
NOTE_LENGTH = 2_000


def case_open_if_needed(*, caption: Caption, counts: Counts) -> ModerationCase | None:
    """Open a case when the policy says so, unless one is open or a moderator approved the text.

    Call inside the transaction that changed the votes.
    """
    reason = reason_for_case(counts, _policy())
    if not reason or _settled(caption, reason):
        return None
    try:
        with transaction.atomic():
            case = ModerationCase.objects.create(caption=caption, reason=reason)
    except IntegrityError:  # one is open already
        return None
    _announce(case, Event.CASE_OPENED)
    return case


@transaction.atomic
def case_decide(*, person: Person, case_id: UUID, decision: str, note: str = "") -> ModerationCase:
    """Decide an open case: approve keeps the caption, hide takes it from everywhere.

    Raises CapsiteError ``case_decided`` (409) when another moderator was quicker.
    """
    require_moderator(person)
    if decision not in Decision.values:
        message = _("'%(given)s' is no decision. Choose one of: %(all)s.")
        named = {"given": decision, "all": ", ".join(Decision.values)}
        raise CapsiteError("invalid_choice", message % named, field="decision")
    case = case_for(person, case_id, ModerationCase.objects.select_for_update(of=("self",)))
    if case.state != CaseState.OPEN:
        message = _("This case was decided already.")
        raise CapsiteError("case_decided", message, status=409, decision=case.decision)
    case.state, case.decision, case.note = CaseState.DECIDED, decision, _note(note)
    case.decided_by_id, case.decided_at = person.pk, Now()
    case.save()
    case.refresh_from_db()
    if decision == Decision.HIDE:
        _hide(case.caption)
    _announce(case, Event.CASE_DECIDED)
    return case


def _note(given: str) -> str:
    note = tidy_text(given)
    if len(note) > NOTE_LENGTH:
        message = _("A note has at most %(most)d characters; this one has %(now)d.")
        named = {"most": NOTE_LENGTH, "now": len(note)}
        raise CapsiteError("max_length", message % named, field="note")
    return note


def _policy() -> Policy:
    return Policy(
        down_votes=settings.CAPSITE_MODERATION_DOWN_VOTES,
        down_share=settings.CAPSITE_MODERATION_DOWN_PERCENT / 100,
        reports=settings.CAPSITE_MODERATION_REPORTS,
    )


def _settled(caption: Caption, reason: str) -> bool:
    """What a moderator approved for this reason is not asked again."""
    decided = caption.cases.filter(decision=Decision.APPROVE, reason=reason)
    return decided.exists()


def _hide(caption: Caption) -> None:
    Caption.everything.filter(pk=caption.pk, hidden_at__isnull=True).update(hidden_at=Now())
    message = {
        "type": "caption.removed",
        "image": str(caption.image_id),
        "caption": str(caption.pk),
    }
    push_on_commit(audience(caption.image), message)


def _announce(case: ModerationCase, event: Event) -> None:
    """Tell moderators' screens and webhooks."""
    message = {"type": event.value, "case": str(case.pk), "reason": case.reason}
    push_on_commit([MODERATORS_GROUP], message)
    event_emit(event, image=case.caption.image, data=_facts(case))


def _facts(case: ModerationCase) -> dict[str, Any]:
    caption = case.caption
    return {
        "case": str(case.pk),
        "reason": case.reason,
        "decision": case.decision,
        "caption": str(caption.pk),
        "text": caption.text,
        "votes": {"up": caption.up_votes, "down": caption.down_votes},
    }
