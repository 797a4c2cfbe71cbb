"""What the photo page shows of votes."""

from collections.abc import Iterable
from uuid import UUID

from captions.models import Caption, Vote
from gallery.access import Person


def votes_cast(person: Person, captions: Iterable[Caption]) -> dict[UUID, Vote]:
    """Return the votes of ``person`` on these captions, reports included, by caption."""
    wanted = [caption.pk for caption in captions]
    if not person.is_authenticated or not wanted:
        return {}
    rows = Vote.objects.filter(voter_id=person.pk, caption__in=wanted)
    return {vote.caption_id: vote for vote in rows}
