"""Cases open by the policy, are decided once, and what is hidden is gone from everywhere."""

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from annotations.search import search
from capsite.common import push
from capsite.common.errors import CapsiteError
from captions.access import case_for
from captions.consumers import GalleryConsumer
from captions.models import Caption, ModerationCase
from captions.selectors import captions_of
from captions.services.moderation import case_decide
from captions.services.votes import vote_cast, vote_withdraw
from gallery.cards import card_of
from gallery.selectors import gallery_page
from gallery.services.images import image_delete
from tests.factories import (
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    moderator,
)
from tests.races import at_once

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


@pytest.fixture
def pushed(monkeypatch) -> list[tuple[tuple[str, ...], dict]]:
    """What left for the sockets."""
    seen: list = []
    monkeypatch.setattr(push, "_push", lambda groups, told: seen.append((groups, told)))
    return seen


def down(caption: Caption, votes: int) -> None:
    for voter in UserFactory.create_batch(votes):
        vote_cast(person=voter, caption_id=caption.pk, value=-1)


def test_votes_against_open_a_case_and_a_withdrawn_one_leaves_it_open():
    caption, first = CaptionFactory(), UserFactory()
    vote_cast(person=first, caption_id=caption.pk, value=-1)
    down(caption, 1)
    assert not ModerationCase.objects.exists()
    down(caption, 1)
    case = ModerationCase.objects.get()
    assert (case.state, case.reason, case.caption) == ("open", "downvoted", caption)
    vote_withdraw(person=first, caption_id=caption.pk)
    assert ModerationCase.objects.get().state == "open"


def test_what_was_approved_is_not_asked_again_for_the_same_reason():
    caption = CaptionFactory()
    down(caption, 3)
    case_decide(person=moderator(), case_id=ModerationCase.objects.get().pk, decision="approve")
    down(caption, 3)
    assert ModerationCase.objects.count() == 1
    vote_cast(person=UserFactory(), caption_id=caption.pk, value=-1, harmful=True)
    assert set(ModerationCase.objects.values_list("reason", "state")) == {
        ("downvoted", "decided"), ("reported", "open"),
    }  # fmt: skip


def test_only_moderators_and_administrators_read_and_decide():
    case = CaseFactory()
    owner_of_photo = UserFactory()
    case.caption.image.owner = owner_of_photo
    case.caption.image.save()
    for person in (VISITOR, UserFactory(), owner_of_photo, UserFactory(is_staff=True)):
        for act, more in ((case_decide, {"decision": "hide"}), (case_for, {})):
            with pytest.raises(CapsiteError) as caught:
                act(person=person, case_id=case.pk, **more)
            assert caught.value.status == 403
    for person in (moderator(), UserFactory(is_superuser=True)):
        assert case_for(person, case.pk) == case


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"decision": "burn"}, "decision"), ({"decision": "hide", "note": "x" * 2001}, "note")],
    ids=["decision", "note"],
)
def test_bad_input_decides_nothing(fields, field):
    case = CaseFactory()
    with pytest.raises(CapsiteError) as caught:
        case_decide(person=moderator(), case_id=case.pk, **fields)
    assert caught.value.field == field
    assert ModerationCase.objects.get().state == "open"


def test_a_decision_is_written_once_with_who_when_and_why():
    person, case = moderator(), CaseFactory()
    decided = case_decide(person=person, case_id=case.pk, decision="approve", note=" fine\0 ")
    assert (decided.state, decided.decision, decided.note) == ("decided", "approve", "fine")
    assert decided.decided_by == person
    assert decided.decided_at >= decided.opened_at
    with pytest.raises(CapsiteError) as caught:
        case_decide(person=moderator(), case_id=case.pk, decision="hide")
    assert (caught.value.code, caught.value.status) == ("case_decided", 409)
    assert caught.value.data["decision"] == "approve"
    assert Caption.objects.filter(pk=case.caption_id).exists()


def test_a_hidden_caption_is_gone_from_everywhere(client):
    image = ImageFactory(title="Untitled")
    job = JobFactory(done=True, image=image)
    bad = CaptionFactory(image=image, job=job, text="a rude zeppelin", confidence=0.9)
    good = CaptionFactory(image=image, job=job, rank=1, text="a balloon", confidence=0.2)
    case = CaseFactory(caption=bad)
    assert list(search(VISITOR, text="zeppelin")) == [image]

    case_decide(person=moderator(), case_id=case.pk, decision="hide")

    [shown] = gallery_page(VISITOR).images
    card = card_of(shown)
    assert (card.best, card.alt, card.captions) == (good, "a balloon", [good])
    assert list(captions_of(image)) == [good]
    assert not search(VISITOR, text="zeppelin").exists()
    for address in (
        "/",
        f"/photos/{image.pk}/",
        f"/photos/{image.pk}/captions/",
        f"/photos/cards/?ids={image.pk}",
        f"/api/v1/images/{image.pk}/captions",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "zeppelin" not in answer.content.decode()
        assert "balloon" in answer.content.decode()
    assert client.get(f"/api/v1/captions/{bad.pk}/heatmap/").status_code == 404
    assert case_for(moderator(), case.pk).caption.text == "a rude zeppelin"


def test_a_photo_with_hidden_captions_can_be_deleted():
    image = ImageFactory(owner=UserFactory())
    case = CaseFactory(caption=CaptionFactory(image=image))
    case_decide(person=moderator(), case_id=case.pk, decision="hide")
    image_delete(person=image.owner, image_id=image.pk)
    assert not Caption.everything.exists()
    assert not ModerationCase.objects.exists()


def test_screens_hear_after_commit(pushed, django_capture_on_commit_callbacks):
    image = ImageFactory(owner=UserFactory(), visibility="private")
    case = CaseFactory(caption=CaptionFactory(image=image))
    with django_capture_on_commit_callbacks(execute=True):
        case_decide(person=moderator(), case_id=case.pk, decision="hide")
        assert pushed == []
    heard = {message["type"]: groups for groups, message in pushed}
    assert heard["moderation.case_decided"] == ("moderators",)
    assert set(heard["caption.removed"]) == {f"image.{image.pk}", f"user.{image.owner.pk}"}


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "decided"},
        {"decision": "hide"},
        {"state": "decided", "decision": "burn", "decided_at": "2026-01-01T00:00Z"},
        {"decided_at": "2026-01-01T00:00Z"},
    ],
    ids=str,
)
def test_the_database_refuses_impossible_cases(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseFactory(**broken)


@pytest.mark.django_db(transaction=True)
def test_of_two_moderators_one_decides(pushed):
    people = [moderator(), moderator()]
    for _round in range(5):
        case = CaseFactory()
        outcomes = at_once(
            [
                lambda case=case: case_decide(
                    person=people[0], case_id=case.pk, decision="approve"
                ),
                lambda case=case: case_decide(person=people[1], case_id=case.pk, decision="hide"),
            ]
        )
        [refusal] = [each for each in outcomes if isinstance(each, CapsiteError)]
        [decided] = [each for each in outcomes if isinstance(each, ModerationCase)]
        assert refusal.code == "case_decided"
        case.refresh_from_db()
        assert (case.decision, case.decided_by) == (decided.decision, decided.decided_by)
        shown = Caption.objects.filter(pk=case.caption_id).exists()
        assert shown == (case.decision == "approve")
    assert [told["type"] for _g, told in pushed].count("moderation.case_decided") == 5


@pytest.mark.django_db(transaction=True)
def test_votes_while_a_moderator_hides():
    person, voters = moderator(), UserFactory.create_batch(8)
    case = CaseFactory()
    cast = {"caption_id": case.caption_id, "value": -1}
    votes = [lambda voter=voter: vote_cast(person=voter, **cast) for voter in voters]
    outcomes = at_once(
        [*votes, lambda: case_decide(person=person, case_id=case.pk, decision="hide")]
    )
    assert isinstance(outcomes[-1], ModerationCase)
    refused = [each for each in outcomes if isinstance(each, CapsiteError)]
    assert {refusal.code for refusal in refused} <= {"not_found"}
    row = Caption.everything.get()
    assert row.hidden_at is not None
    assert row.down_votes == row.votes.count() == 8 - len(refused)
    assert not ModerationCase.objects.filter(state="open").exists()


@pytest.mark.django_db(transaction=True)
async def test_open_screens_drop_a_hidden_caption():
    person = await database_sync_to_async(moderator)()
    case = await database_sync_to_async(CaseFactory)()
    screen = WebsocketCommunicator(GalleryConsumer.as_asgi(), "/ws/gallery/")
    screen.scope["user"] = VISITOR
    await screen.connect()
    await screen.receive_json_from()
    await database_sync_to_async(case_decide)(person=person, case_id=case.pk, decision="hide")
    message = await screen.receive_json_from()
    assert message["type"] == "caption.removed"
    assert message["caption"] == str(case.caption_id)
    assert await screen.receive_nothing(timeout=0.2)  # the case itself is the moderators'
    await screen.disconnect()
