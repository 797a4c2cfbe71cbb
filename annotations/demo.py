"""What demo members do with the demo photos once these are captioned: votes, texts, a report."""

import logging
from typing import Any

from django.db import transaction

from annotations.models import Annotation, Revision
from annotations.services import (
    EditConflict,
    annotation_edit,
    annotation_revert,
    caption_promote,
)
from annotations.statistics.refresh import figures_refresh
from capsite.accounts.models import User
from captions.models import Caption, Vote
from captions.services.votes import vote_cast, votes_forget
from gallery.models import Image
from gallery.models.job import ACTIVE
from gallery.services.demo import Story, demo_member, demo_pending, demo_remove, demo_step, photo_of
from gallery.services.demo.removing import Removed, demo_member_ids
from gallery.services.demo.steps import FINISHED

logger = logging.getLogger(__name__)

LIKED, HALF_RIGHT, WRONG = "liked", "half right", "wrong"


def demo_continue(story: Story | None = None) -> int:
    """Do what is due with photos whose captions are there; return how many photos those were.

    Safe to call at any time and from anywhere: each photo is done once, in one transaction.
    """
    if not demo_pending():
        return 0
    story, told, waiting = story or Story(), 0, 0
    for file, act in story.acts["photos"].items():
        with demo_step(f"photo:{file}") as todo:
            image = photo_of(story, file) if todo else None
            if image is None:  # done before, or somebody deleted it
                continue
            if image.jobs.filter(state__in=ACTIVE).exists():
                waiting += 1
                transaction.set_rollback(True)
                continue
            _tell(image, act, story.acts["members"])
            told += 1
    if not waiting:
        with demo_step(FINISHED):
            logger.info("The demo content is complete")
        figures_refresh()  # or the dashboard would stay empty until beat's next count
    return told


@transaction.atomic
def demo_withdraw(story: Story | None = None) -> Removed:
    """Remove the demo; its members' votes on people's own photos are taken back and counted."""
    for member in User.objects.filter(pk__in=demo_member_ids()):
        votes_forget(voter=member)
    return demo_remove(story)


def peoples_words(story: Story | None = None) -> int:
    """Return how many texts and votes of people, not of demo members, a removal would take."""
    ours = {"image__owner": None, "image__sha256__in": (story or Story()).sha256s()}
    members = demo_member_ids()
    votes = Vote.objects.filter(**{f"caption__{name}": value for name, value in ours.items()})
    texts = Revision.objects.filter(
        **{f"annotation__{name}": value for name, value in ours.items()}
    )
    return (
        votes.exclude(voter__in=members).count()
        + texts.filter(author__isnull=False).exclude(author__in=members).count()
    )


def _tell(image: Image, act: dict[str, Any], members: list[str]) -> None:
    captions = list(image.captions.order_by("language", "-confidence", "rank"))
    _vote(captions, act, members)
    _report(captions, act)
    for text in act["texts"]:
        try:
            with transaction.atomic():
                _write(image, captions, act, text)
        except EditConflict:  # somebody wrote a text of their own meanwhile: theirs stays
            logger.info("A text for the demo photo %s was left out", image)


def _vote(captions: list[Caption], act: dict[str, Any], members: list[str]) -> None:
    """Vote for captions that name what the photo shows, and against those that do not.

    Which captions a model writes is not known here, so their words decide. Two votes against are
    fewer than what calls a moderator.
    """
    first = {LIKED: (1, 1, 1), HALF_RIGHT: (1, 1, -1), WRONG: (-1, -1)}
    later = {LIKED: (1, 1), HALF_RIGHT: (1, -1), WRONG: (-1,)}
    for place, caption in enumerate(captions):
        ballot = (later if caption.rank else first)[_verdict(caption.text, act)]
        turned = members[place % len(members) :] + members[: place % len(members)]
        for name, value in zip(turned, ballot, strict=False):
            vote_cast(person=demo_member(name), caption_id=caption.pk, value=value)


def _report(captions: list[Caption], act: dict[str, Any]) -> None:
    """Let one caption be reported, if one deserves it."""
    report = act.get("report")
    wrong = [caption for caption in captions if _verdict(caption.text, act) == WRONG]
    if not report or not wrong:
        return
    named = [caption for caption in wrong if _says(caption.text, report["words"])]
    vote_cast(
        person=demo_member(report["by"]),
        caption_id=(named or wrong)[0].pk,
        value=-1,
        harmful=True,
        reason=report["reason"] if named else report["otherwise"],
    )


def _write(
    image: Image, captions: list[Caption], act: dict[str, Any], text: dict[str, Any]
) -> None:
    """Publish one version: a suggestion as it stands, words of a member's own, or earlier ones."""
    person, language = demo_member(text["by"]), text["language"]
    liked = [one for one in captions if one.language == language and _liked(one, act)]
    current = image.annotations.filter(language=language).first()
    base = current.version if current else 0
    if current and not _by_demo(current):
        raise EditConflict(current)
    if text.get("promote"):
        if liked:
            caption_promote(person=person, caption_id=liked[0].pk, base_version=base)
    elif "revert" in text:
        if current is None:
            return
        number = current.revisions.get(text=text["revert"]).number
        annotation_revert(person=person, annotation_id=current.pk, number=number, base_version=base)
    else:
        source = liked[0].pk if text.get("edit") and liked else None
        annotation_edit(
            person=person,
            image_id=image.pk,
            language=language,
            text=text["text"],
            base_version=base,
            caption_id=source,
        )


def _by_demo(annotation: Annotation) -> bool:
    return annotation.author_id in demo_member_ids()


def _liked(caption: Caption, act: dict[str, Any]) -> bool:
    return _verdict(caption.text, act) == LIKED


def _verdict(text: str, act: dict[str, Any]) -> str:
    if not _says(text, act["right"]):
        return WRONG
    return HALF_RIGHT if _says(text, act["wrong"]) else LIKED


def _says(text: str, words: list[str]) -> bool:
    """Tell whether a text has one of these words; ``*`` stands for any ending."""
    said = [word.strip(".,;:!?'\"") for word in text.lower().split()]
    return any(
        one.startswith(word[:-1]) if word.endswith("*") else one == word
        for one in said
        for word in words
    )
