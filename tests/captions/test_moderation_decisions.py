"""Every decision does what it says, once, and says so in the audit log."""

import pytest
from django.contrib.auth.models import AnonymousUser

from annotations.models import Annotation, Revision
from annotations.moderation import case_replace
from annotations.services import EditConflict, annotation_edit
from capsite.accounts.bearers import bearer_authenticate
from capsite.accounts.models import AuditEvent, User
from capsite.accounts.scopes import Scope
from capsite.common.errors import CapsiteError
from captions.models import Caption, Decision, ModerationCase, Vote
from captions.services.moderation import case_ban, case_decide
from captions.services.votes import vote_cast, vote_withdraw
from gallery.models import CaptionJob
from tests.capsite.accounts.people import token_of
from tests.factories import (
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    moderator,
)
from tests.races import at_once

pytestmark = pytest.mark.django_db

TEXT = "Boats in a harbour."


def shown(case: ModerationCase) -> bool:
    return Caption.objects.filter(pk=case.caption_id).exists()


def noted(kind: str) -> dict:
    return AuditEvent.objects.get(kind=kind).facts


@pytest.mark.parametrize(("strategy", "other"), [("beam", "nucleus"), ("nucleus", "beam")])
def test_asking_again_hides_and_decodes_another_way(strategy, other):
    caption = CaptionFactory(strategy=strategy, language="en")
    JobFactory(image=caption.image, done=True, strategy=other)  # an answer from before
    case = CaseFactory(caption=caption)
    case_decide(person=moderator(), case_id=case.pk, decision="ask")
    job = CaptionJob.objects.get(state="queued")
    assert (job.image_id, job.strategy, job.language) == (caption.image_id, other, "en")
    assert not shown(case)
    assert noted("case.decided")["decision"] == "ask"


def test_replacing_publishes_and_hides():
    person, case = moderator(), CaseFactory()
    AnnotationFactory(image=case.caption.image)
    given = {"person": person, "case_id": case.pk, "text": TEXT, "base_version": 1}
    decided = case_replace(**given, note="plainer")
    annotation = Annotation.objects.get()
    assert (annotation.text, annotation.version, annotation.author) == (TEXT, 2, person)
    assert (decided.decision, decided.note) == ("replace", "plainer")
    assert not shown(case)
    with pytest.raises(CapsiteError, match="decided already"):
        case_replace(**given)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"base_version": 0}, "edit_conflict"),
        ({"text": " "}, "invalid_length"),
        ({"note": "x" * 2001}, "max_length"),
    ],
    ids=["stale", "empty", "note"],
)
def test_a_refused_replacement_decides_nothing(fields, code):
    case = CaseFactory()
    AnnotationFactory(image=case.caption.image)
    given = {"text": TEXT, "base_version": 1} | fields
    with pytest.raises(CapsiteError) as caught:
        case_replace(person=moderator(), case_id=case.pk, **given)
    assert caught.value.code == code
    assert ModerationCase.objects.get().state == "open"
    assert shown(case)
    assert Revision.objects.count() == 1
    assert not AuditEvent.objects.filter(kind="case.decided").exists()


@pytest.mark.parametrize("decision", ["replace", "ban", "burn"])
def test_what_needs_more_than_a_word_is_not_decided_by_one(decision):
    with pytest.raises(CapsiteError) as caught:
        case_decide(person=moderator(), case_id=CaseFactory().pk, decision=decision)
    assert (caught.value.code, caught.value.field) == ("invalid_choice", "decision")
    assert "approve, hide, ask" in caught.value.message


def test_a_ban_ends_everything_the_member_had_opened(client):
    owner, person = UserFactory(), moderator()
    _token, raw = token_of(owner, [Scope.CAPTIONS_WRITE.value])
    client.force_login(owner)
    case = CaseFactory(caption=CaptionFactory(image=ImageFactory(owner=owner)))
    case_ban(person=person, case_id=case.pk, note="third time")
    assert not User.objects.get(pk=owner.pk).is_active
    assert not shown(case)
    with pytest.raises(CapsiteError):
        bearer_authenticate(raw)
    assert client.get("/account/").status_code == 302
    assert not client.login(username=owner.username, password="a long enough password")
    event = AuditEvent.objects.get(kind="person.banned")
    assert (event.subject, event.actor) == (owner.username, person.username)
    assert event.facts["reason"] == "third time"


@pytest.mark.parametrize("who", ["visitor", "moderator", "administrator", "oneself"])
def test_who_is_not_banned(who):
    person = moderator()
    owner = {
        "visitor": lambda: None,
        "moderator": moderator,
        "administrator": lambda: UserFactory(is_superuser=True),
        "oneself": lambda: person,
    }[who]()
    case = CaseFactory(caption=CaptionFactory(image=ImageFactory(owner=owner)))
    with pytest.raises(CapsiteError) as caught:
        case_ban(person=person, case_id=case.pk)
    assert caught.value.code == ("cannot_ban" if owner else "nobody_to_ban")
    assert shown(case)
    assert ModerationCase.objects.get().state == "open"


def test_members_decide_nothing():
    case = CaseFactory()
    for person in (AnonymousUser(), UserFactory(), UserFactory(is_staff=True)):
        with pytest.raises(CapsiteError) as caught:
            case_ban(person=person, case_id=case.pk)
        assert caught.value.status == 403
        with pytest.raises(CapsiteError) as caught:
            case_replace(person=person, case_id=case.pk, text=TEXT, base_version=0)
        assert caught.value.status == 403


@pytest.mark.parametrize(
    ("weight", "votes", "opened"),
    [(2, ["m", "u"], True), (2, ["m"], False), (1, ["m", "m"], False), (3, ["a"], True)],
    ids=str,
)
def test_votes_of_moderators_weigh_more(settings, weight, votes, opened):
    settings.CAPSITE_MODERATION_TRUSTED_WEIGHT = weight
    caption = CaptionFactory()
    makers = {"m": moderator, "u": UserFactory, "a": lambda: UserFactory(is_superuser=True)}
    for vote in votes:
        vote_cast(person=makers[vote](), caption_id=caption.pk, value=-1)
    assert ModerationCase.objects.exists() == opened
    caption.refresh_from_db()
    assert caption.down_votes == len(votes)  # what people read is not weighed


def test_a_moderators_vote_for_weighs_more_too():
    caption = CaptionFactory()
    vote_cast(person=moderator(), caption_id=caption.pk, value=1)
    for voter in UserFactory.create_batch(2):
        vote_cast(person=voter, caption_id=caption.pk, value=-1)
    vote_cast(person=moderator(), caption_id=caption.pk, value=1)
    vote_cast(person=UserFactory(), caption_id=caption.pk, value=-1)
    assert not ModerationCase.objects.exists()  # 3 of 7, where unweighed it is 3 of 5


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_on_one_caption():
    """Votes, edits and decisions: one decision counts, totals are right, versions have no gap."""
    caption = CaptionFactory()
    case = CaseFactory(caption=caption)
    voters, editors = UserFactory.create_batch(20), UserFactory.create_batch(15)
    deciders = [moderator() for _ in range(15)]
    decisions = [
        lambda person: case_decide(person=person, case_id=case.pk, decision="approve"),
        lambda person: case_decide(person=person, case_id=case.pk, decision="hide"),
        lambda person: case_replace(person=person, case_id=case.pk, text=TEXT, base_version=0),
    ]

    def vote(person: User, place: int) -> None:
        vote_cast(person=person, caption_id=caption.pk, value=1 if place % 3 else -1)
        if place % 5 == 0:
            vote_withdraw(person=person, caption_id=caption.pk)

    def edit(person: User, place: int) -> None:
        given = {"person": person, "image_id": caption.image_id, "language": "en"}
        version = 0
        while True:
            try:
                annotation_edit(**given, text=f"text {place}", base_version=version)
                return
            except EditConflict as conflict:
                version = conflict.data["version"]

    acts = [lambda p=p, n=n: vote(p, n) for n, p in enumerate(voters)]
    acts += [lambda p=p, n=n: edit(p, n) for n, p in enumerate(editors)]
    acts += [lambda p=p, n=n: decisions[n % 3](p) for n, p in enumerate(deciders)]
    outcomes = at_once(acts)

    case.refresh_from_db()
    decided = [each for each in outcomes if isinstance(each, ModerationCase)]
    refused = [each.code for each in outcomes if isinstance(each, CapsiteError)]
    assert [each.decision for each in decided] == [case.decision]
    assert set(refused) <= {"case_decided", "edit_conflict", "not_found"}
    assert AuditEvent.objects.filter(kind="case.decided").count() == 1
    row = Caption.everything.get()
    assert (row.hidden_at is None) == (case.decision == Decision.APPROVE)
    assert (row.up_votes, row.down_votes) == tuple(
        Vote.objects.filter(value=value).count() for value in (1, -1)
    )
    numbers = list(Revision.objects.order_by("number").values_list("number", flat=True))
    replaced = case.decision == Decision.REPLACE
    assert numbers == list(range(1, 16 + replaced))
    assert Annotation.objects.get().version == len(numbers)
    assert not ModerationCase.objects.filter(state="open").exclude(pk=case.pk).exists()
