"""The only writer of moderation cases: opens them by the policy, and closes each exactly once."""

import logging
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from capsite.accounts import audit
from capsite.accounts.scopes import MODERATORS
from capsite.accounts.services.banning import person_ban
from capsite.common.errors import CapsiteError
from capsite.common.outage import OUTAGES
from capsite.common.push import push_on_commit
from capsite.common.texts import tidy_text
from captions.access import case_for, require_moderator
from captions.models import Caption, CaseState, Decision, ModerationCase
from captions.models.moderation import DECIDED_BY_WORD
from captions.policy import Counts, Policy, reason_for_case, weighted
from captions.services.hiding import caption_hide
from captions.webhooks.events import Event, event_emit
from gallery.access import Person
from gallery.models import CaptionJob
from gallery.models.job import Strategy
from gallery.services.images import image_hold
from gallery.services.jobs import job_ensure

logger = logging.getLogger(__name__)

MODERATORS_GROUP = "moderators"
NOTE_LENGTH = 2_000


def case_open_if_needed(*, caption: Caption, counts: Counts) -> ModerationCase | None:
    """Open a case when the policy says so, unless one is open or a moderator approved the text.

    Call inside the transaction that changed the votes.
    """
    policy = _policy()
    reason = reason_for_case(_with_trust(caption, counts, policy), policy)
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
    """Decide an open case with a word.

    ``approve`` keeps the caption, ``hide`` takes it from everywhere, ``ask`` hides it and asks the
    captioner for others. Raises CapsiteError ``case_decided`` (409) when another moderator was
    quicker.
    """
    require_moderator(person)
    if decision not in DECIDED_BY_WORD:
        message = _("'%(given)s' cannot be decided here. Choose one of: %(all)s.")
        named = {"given": decision, "all": ", ".join(DECIDED_BY_WORD)}
        raise CapsiteError("invalid_choice", message % named, field="decision")
    case = case_take(person=person, case_id=case_id)
    case_close(case, person=person, decision=decision, note=note)
    if decision == Decision.ASK:
        _ask_again(case.caption)
    return case


@transaction.atomic
def case_ban(*, person: Person, case_id: UUID, note: str = "") -> ModerationCase:
    """Hide the caption and ban the member whose photo it is, who then can do nothing here."""
    case = case_take(person=person, case_id=case_id)
    owner = case.caption.image.owner
    if owner is None:
        message = _("A visitor uploaded this photo: there is no member to ban.")
        raise CapsiteError("nobody_to_ban", message, status=409, field="decision")
    person_ban(person=owner, by=person, reason=note)
    return case_close(case, person=person, decision=Decision.BAN, note=note)


def case_take(*, person: Person, case_id: UUID) -> ModerationCase:
    """Lock an open case for a moderator who is about to close it.

    The photo is locked first, as by votes and edits, so that none of them waits for another in a
    circle.
    """
    require_moderator(person)
    image_hold(case_for(person, case_id).caption.image_id)
    case = case_for(person, case_id, ModerationCase.objects.select_for_update(of=("self",)))
    if case.state != CaseState.OPEN:
        message = _("This case was decided already.")
        raise CapsiteError("case_decided", message, status=409, decision=case.decision)
    return case


def case_close(case: ModerationCase, *, person: Person, decision: str, note: str) -> ModerationCase:
    """Write a decision on a case that ``case_take`` locked; every one but approve hides."""
    case.state, case.decision, case.note = CaseState.DECIDED, decision, _note(note)
    case.decided_by_id, case.decided_at = person.pk, Now()
    case.save()
    case.refresh_from_db()
    _announce(case, Event.CASE_DECIDED)
    if decision != Decision.APPROVE:
        caption_hide(caption=case.caption)
    facts = {"case": str(case.pk), "decision": decision, "caption": str(case.caption_id)}
    audit.note(audit.Kind.CASE_DECIDED, by=person, facts=facts)
    return case


def cases_open_count() -> int:
    """Return how many cases wait for a moderator."""
    return ModerationCase.objects.filter(state=CaseState.OPEN).count()


def _ask_again(caption: Caption) -> CaptionJob:
    """Ask for other captions, decoded another way: the same way would find the same words."""
    other = Strategy.BEAM if caption.strategy == Strategy.NUCLEUS else Strategy.NUCLEUS
    return job_ensure(
        image=caption.image,
        strategy=other,
        language=caption.language,
        num=settings.CAPSITE_CAPTIONS_PER_PHOTO,
        again=True,
    )


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
        trusted_weight=settings.CAPSITE_MODERATION_TRUSTED_WEIGHT,
    )


def _with_trust(caption: Caption, counts: Counts, policy: Policy) -> Counts:
    """Let the votes of moderators and administrators weigh more; those for count as well."""
    if policy.trusted_weight == 1 or not counts.down:
        return counts
    trusted = Q(voter__is_superuser=True) | Q(voter__groups__name=MODERATORS)
    totals = caption.votes.filter(trusted).aggregate(
        up=Count("voter", filter=Q(value=1), distinct=True),
        down=Count("voter", filter=Q(value=-1), distinct=True),
        harmful=Count("voter", filter=Q(harmful=True), distinct=True),
    )
    return weighted(counts, Counts(**totals), policy.trusted_weight)


def _settled(caption: Caption, reason: str) -> bool:
    """What a moderator approved for this reason is not asked again."""
    decided = caption.cases.filter(decision=Decision.APPROVE, reason=reason)
    return decided.exists()


def _announce(case: ModerationCase, event: Event) -> None:
    """Tell moderators' screens and webhooks."""
    message = {"type": event.value, "case": str(case.pk), "reason": case.reason}
    transaction.on_commit(partial(_push_counted, message))
    event_emit(event, image=case.caption.image, data=_facts(case))


def _push_counted(message: dict[str, Any]) -> None:
    """Tell how many cases are open now, counted after the commit: others decide meanwhile."""
    try:
        message = message | {"open": cases_open_count()}
    except OUTAGES as error:
        logger.warning("The open cases could not be counted: %s", error)
    push_on_commit([MODERATORS_GROUP], message)


def _facts(case: ModerationCase) -> dict[str, Any]:
    """Return what webhooks tell; of a caption that is being hidden, no words."""
    caption = case.caption
    return {
        "case": str(case.pk),
        "reason": case.reason,
        "decision": case.decision,
        "caption": str(caption.pk),
        "text": caption.text if case.decision in ("", Decision.APPROVE) else "",
        "votes": {"up": caption.up_votes, "down": caption.down_votes},
    }
