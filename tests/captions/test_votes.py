"""Votes: one a person, counted exactly whatever the rush, and told after commit to who may hear."""

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from capsite.common import push
from capsite.common.errors import CapsiteError
from captions.consumers import GalleryConsumer
from captions.models import Caption, ModerationCase, Vote
from captions.services.votes import vote_cast, vote_withdraw
from gallery.services.images import image_delete
from tests.factories import CaptionFactory, ImageFactory, UserFactory, VoteFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


@pytest.fixture
def pushed(monkeypatch) -> list[tuple[tuple[str, ...], dict]]:
    """What left for the sockets."""
    seen: list = []
    monkeypatch.setattr(push, "_push", lambda groups, told: seen.append((groups, told)))
    return seen


def totals(caption: Caption) -> tuple[int, int]:
    row = Caption.everything.get(pk=caption.pk)
    return row.up_votes, row.down_votes


def test_a_vote_counts_once_and_may_be_changed_and_withdrawn():
    caption, voter = CaptionFactory(), UserFactory()
    for _again in range(2):
        vote = vote_cast(person=voter, caption_id=caption.pk, value=1)
        assert (vote.value, totals(caption)) == (1, (1, 0))
    vote_cast(person=voter, caption_id=caption.pk, value=-1, reason=" no\n dog ")
    assert (Vote.objects.get().reason, totals(caption)) == ("no dog", (0, 1))
    for _again in range(2):
        assert vote_withdraw(person=voter, caption_id=caption.pk) == caption
        assert totals(caption) == (0, 0)
    assert not Vote.objects.exists()


def test_a_report_is_a_vote_against_whatever_it_says():
    caption = CaptionFactory()
    vote = vote_cast(person=UserFactory(), caption_id=caption.pk, value=1, harmful=True)
    assert (vote.value, vote.harmful, totals(caption)) == (-1, True, (0, 1))
    assert ModerationCase.objects.get().reason == "reported"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": 0}, "value"),
        ({"value": 2}, "value"),
        ({"value": 1, "reason": "x" * 501}, "reason"),
    ],
    ids=["none", "two", "long"],
)
def test_bad_input_is_named(fields, field):
    caption = CaptionFactory()
    with pytest.raises(CapsiteError) as caught:
        vote_cast(person=UserFactory(), caption_id=caption.pk, **fields)
    assert caught.value.field == field
    assert not Vote.objects.exists()


def test_visitors_do_not_vote():
    caption = CaptionFactory()
    for act, more in ((vote_cast, {"value": 1}), (vote_withdraw, {})):
        with pytest.raises(CapsiteError) as caught:
            act(person=VISITOR, caption_id=caption.pk, **more)
        assert caught.value.code == "sign_in_required"


def test_what_one_may_not_see_one_may_not_vote_on():
    owner = UserFactory()
    private = CaptionFactory(image=ImageFactory(owner=owner, visibility="private"))
    hidden = CaptionFactory(hidden_at="2026-01-01T00:00Z")
    for caption in (private, hidden):
        for act, more in ((vote_cast, {"value": 1}), (vote_withdraw, {})):
            with pytest.raises(CapsiteError) as caught:
                act(person=UserFactory(), caption_id=caption.pk, **more)
            assert caught.value.code == "not_found"
    vote_cast(person=owner, caption_id=private.pk, value=1)
    assert totals(private) == (1, 0)


@pytest.mark.parametrize(
    "broken", [{"value": 0}, {"value": 2}, {"value": 1, "harmful": True}], ids=str
)
def test_the_database_refuses_impossible_votes(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        VoteFactory(**broken)


def test_the_database_keeps_one_vote_a_person():
    vote = VoteFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        VoteFactory(caption=vote.caption, voter=vote.voter)


def test_screens_hear_after_commit_and_only_of_changes(pushed, django_capture_on_commit_callbacks):
    caption, voter = CaptionFactory(), UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        vote_cast(person=voter, caption_id=caption.pk, value=1)
        vote_cast(person=voter, caption_id=caption.pk, value=1)
        assert pushed == []
    [(groups, message)] = pushed
    assert groups == ("gallery",)
    assert message == {
        "type": "caption.votes",
        "image": str(caption.image_id),
        "caption": str(caption.pk),
        "up": 1,
        "down": 0,
    }


@pytest.mark.django_db(transaction=True)
def test_fifty_votes_at_once_are_counted_exactly(pushed):
    caption, voters = CaptionFactory(), UserFactory.create_batch(50)

    def vote(place: int, voter):
        value = 1 if place % 3 else -1
        return lambda: vote_cast(person=voter, caption_id=caption.pk, value=value)

    at_once([vote(place, voter) for place, voter in enumerate(voters)])
    assert totals(caption) == (33, 17)
    assert Vote.objects.count() == len(pushed) - len(_cases(pushed)) == 50
    assert [message["up"] + message["down"] for _g, message in pushed if "up" in message] != []


def _cases(pushed) -> list[dict]:
    return [message for _groups, message in pushed if message["type"].startswith("moderation.")]


@pytest.mark.django_db(transaction=True)
def test_one_person_in_ten_windows_has_one_vote():
    caption, voter = CaptionFactory(), UserFactory()
    values = [1, -1] * 5
    cast = {"person": voter, "caption_id": caption.pk}
    at_once([lambda value=value: vote_cast(**cast, value=value) for value in values])
    vote = Vote.objects.get()
    assert totals(caption) == ((1, 0) if vote.value == 1 else (0, 1))


@pytest.mark.django_db(transaction=True)
def test_many_reports_at_once_open_one_case(pushed):
    caption, voters = CaptionFactory(), UserFactory.create_batch(10)
    report = {"caption_id": caption.pk, "value": -1, "harmful": True}
    at_once([lambda voter=voter: vote_cast(person=voter, **report) for voter in voters])
    assert ModerationCase.objects.filter(caption=caption, state="open").count() == 1
    assert [message["type"] for message in _cases(pushed)] == ["moderation.case_opened"]


@pytest.mark.django_db(transaction=True)
def test_votes_on_a_photo_that_is_deleted_meanwhile():
    owner, voters = UserFactory(), UserFactory.create_batch(6)
    for _round in range(4):
        caption = CaptionFactory(image=ImageFactory(owner=owner))
        cast = {"caption_id": caption.pk, "value": 1}
        votes = [lambda voter=voter, cast=cast: vote_cast(person=voter, **cast) for voter in voters]
        outcomes = at_once(
            [*votes, lambda key=caption.image_id: image_delete(person=owner, image_id=key)]
        )
        assert outcomes[-1] is None
        refusals = [each for each in outcomes if isinstance(each, CapsiteError)]
        assert {refusal.code for refusal in refusals} <= {"not_found"}
    assert not Vote.objects.exists()


@pytest.mark.django_db(transaction=True)
async def test_open_screens_see_the_new_totals():
    caption = await database_sync_to_async(CaptionFactory)()
    voter = await database_sync_to_async(UserFactory)()
    screen = WebsocketCommunicator(GalleryConsumer.as_asgi(), "/ws/gallery/")
    screen.scope["user"] = VISITOR
    await screen.connect()
    assert (await screen.receive_json_from())["type"] == "hello"
    await database_sync_to_async(vote_cast)(person=voter, caption_id=caption.pk, value=1)
    message = await screen.receive_json_from()
    assert (message["type"], message["caption"]) == ("caption.votes", str(caption.pk))
    assert (message["up"], message["down"]) == (1, 0)
    await screen.disconnect()
