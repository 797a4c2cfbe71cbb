"""The only writer of votes: one a person and caption, counted exactly, told to every screen."""

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from capsite.accounts.models import User
from capsite.common.errors import CapsiteError, NotFound
from capsite.common.push import push_on_commit
from capsite.common.texts import tidy_line
from captions.access import caption_for
from captions.models import Caption, Vote
from captions.policy import Counts
from captions.services.moderation import case_open_if_needed
from captions.webhooks.events import Event, event_emit
from gallery.access import Person, require_member
from gallery.services.events import audience
from gallery.services.images import image_hold

REASON_LENGTH = 500


@transaction.atomic
def vote_cast(
    *, person: Person, caption_id: UUID, value: int, harmful: bool = False, reason: str = ""
) -> Vote:
    """Vote for (1) or against (-1) a caption, or change one's vote; the same again changes nothing.

    ``harmful`` reports the caption, which is a vote against it whatever ``value`` says. Raises
    CapsiteError for visitors, for captions that ``person`` may not see, and for other values.
    """
    require_member(person)
    wanted = {"value": _value(value, harmful), "harmful": harmful, "reason": _reason(reason)}
    caption = _locked(person, caption_id)
    vote = Vote.objects.filter(caption=caption, voter_id=person.pk).first()
    if vote is None:
        vote = Vote.objects.create(caption=caption, voter_id=cast(int, person.pk), **wanted)
    elif all(getattr(vote, name) == value for name, value in wanted.items()):
        return vote
    else:
        for name, given in wanted.items():
            setattr(vote, name, given)
        vote.save(update_fields=[*wanted, "updated_at"])
    counts = _counted(caption)
    case_open_if_needed(caption=caption, counts=counts)
    event_emit(Event.FEEDBACK, image=caption.image, data=_feedback(vote))
    return vote


@transaction.atomic
def vote_withdraw(*, person: Person, caption_id: UUID) -> Caption:
    """Take one's vote back; without a vote nothing changes. Open cases stay open."""
    require_member(person)
    caption = _locked(person, caption_id)
    if Vote.objects.filter(caption=caption, voter_id=person.pk).delete()[0]:
        _counted(caption)
    return caption


@transaction.atomic
def votes_forget(*, voter: User) -> None:
    """Take all votes of somebody back who leaves, those on captions hidden meanwhile as well."""
    voted = Caption.everything.filter(votes__voter=voter).order_by("pk")
    for image_id, caption_id in voted.values_list("image_id", "pk"):
        try:
            image_hold(image_id)
        except NotFound:  # gone since, and its votes with it
            continue
        caption = Caption.everything.select_for_update(of=("self",)).get(pk=caption_id)
        caption.votes.filter(voter=voter).delete()
        _counted(caption)


def _locked(person: Person, caption_id: UUID) -> Caption:
    """Return the caption, its row locked: votes on one caption are counted one after another."""
    image_hold(caption_for(person, caption_id).image_id)
    return caption_for(person, caption_id, Caption.objects.select_for_update(of=("self",)))


def _counted(caption: Caption) -> Counts:
    """Count the votes anew, store the totals, and tell the screens."""
    totals = caption.votes.aggregate(
        up=Count("pk", filter=Q(value=1)),
        down=Count("pk", filter=Q(value=-1)),
        harmful=Count("pk", filter=Q(harmful=True)),
    )
    caption.up_votes, caption.down_votes = totals["up"], totals["down"]
    caption.save(update_fields=["up_votes", "down_votes"])
    message = {
        "type": "caption.votes",
        "image": str(caption.image_id),
        "caption": str(caption.pk),
        "up": totals["up"],
        "down": totals["down"],
    }
    push_on_commit(audience(caption.image), message)
    return Counts(**totals)


def _feedback(vote: Vote) -> dict[str, Any]:
    return {
        "kind": "vote",
        "caption": str(vote.caption_id),
        "value": vote.value,
        "harmful": vote.harmful,
        "reason": vote.reason,
    }


def _value(value: int, harmful: bool) -> int:
    if value not in (1, -1):
        message = _("A vote is 1 (for) or -1 (against), not %(given)s.") % {"given": value}
        raise CapsiteError("invalid_choice", message, field="value")
    return -1 if harmful else value


def _reason(given: str) -> str:
    reason = tidy_line(given)
    if len(reason) > REASON_LENGTH:
        message = _("A reason has at most %(most)d characters; this one has %(now)d.")
        named = {"most": REASON_LENGTH, "now": len(reason)}
        raise CapsiteError("max_length", message % named, field="reason")
    return reason
