"""Moderators work off their queue in the administration; decisions go through the services."""

import re

import pytest
from django.urls import reverse

from annotations.models import Annotation
from capsite.accounts.models import AuditEvent, User
from captions.models import Caption, ModerationCase
from captions.services.votes import vote_cast
from gallery.models import CaptionJob
from gallery.services.albums import album_add
from gallery.services.batches import Sent, batch_create
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    UserFactory,
    VoteFactory,
    moderator,
    photo_bytes,
)

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/admin/captions/moderationcase/"
ATTACK = '<script>alert("x")</script>'


@pytest.fixture
def person():
    return moderator(is_staff=True)


@pytest.fixture
def desk(client, person):
    """The administration, as a moderator who is staff sees it."""
    client.force_login(person)
    return client


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def decide(client, case, **fields):
    return client.post(f"{QUEUE}{case.pk}/decide/", fields)


@pytest.mark.parametrize(
    ("decision", "shown"), [("approve", True), ("hide", False)], ids=["approve", "hide"]
)
def test_open_cases_are_decided_in_bulk(desk, person, decision, shown):
    cases = [CaseFactory(), CaseFactory()]
    keys = [str(case.pk) for case in cases]
    for _again in range(2):  # the second time nothing is open any more
        answer = desk.post(
            f"{QUEUE}?state=all", {"action": decision, "_selected_action": keys}, follow=True
        )
    assert "decided already. (2)" in answer.content.decode()
    decided = ModerationCase.objects.values_list("state", "decision", "decided_by")
    assert set(decided) == {("decided", decision, person.pk)}
    assert Caption.objects.exists() == shown
    assert AuditEvent.objects.filter(kind="case.decided", actor=person.username).count() == 2


def test_one_case_that_was_decided_keeps_no_other_waiting(desk):
    decided = CaseFactory(state="decided", decision="hide", decided_at="2026-01-01T00:00Z")
    waiting = CaseFactory()
    keys = [str(decided.pk), str(waiting.pk)]
    desk.post(f"{QUEUE}?state=all", {"action": "approve", "_selected_action": keys})
    waiting.refresh_from_db()
    assert waiting.decision == "approve"


def test_the_queue_shows_what_waits_longest_first(desk, django_assert_max_num_queries):
    cases = [CaseFactory(caption=CaptionFactory(text=f"caption {n}")) for n in range(3)]
    CaseFactory(state="decided", decision="hide", decided_at="2026-01-01T00:00Z")
    VoteFactory(caption=cases[0].caption, value=-1, harmful=True)
    page = desk.get(QUEUE).content.decode()
    places = [page.index(f"caption {n}") for n in range(3)]
    assert places == sorted(places)
    assert "3 moderation cases" in page
    assert "1 report" in page
    assert f"/i/{cases[0].caption.image_id}/w320.webp" in page
    assert "4 moderation cases" in desk.get(f"{QUEUE}?state=all").content.decode()
    CaseFactory.create_batch(20)
    with django_assert_max_num_queries(14):
        desk.get(QUEUE)


def test_a_case_page_shows_everything_and_escapes_it(desk, django_assert_max_num_queries):
    image = ImageFactory(title=ATTACK, owner=UserFactory(username="olaf"))
    caption = CaptionFactory(image=image, text=f"first {ATTACK}")
    other = CaptionFactory(image=image, text="second", rank=1)
    voter = UserFactory(username="vera")
    vote_cast(person=voter, caption_id=caption.pk, value=-1, harmful=True, reason=f"why {ATTACK}")
    AnnotationFactory(image=image, text=f"published {ATTACK}")
    note = f"before {ATTACK}"
    earlier = {"state": "decided", "decision": "approve", "decided_at": "2026-01-01T00:00Z"}
    CaseFactory(caption=other, note=note, **earlier)
    case = ModerationCase.objects.get(state="open")
    with django_assert_max_num_queries(30):
        page = desk.get(f"{QUEUE}{case.pk}/change/").content.decode()
    assert ATTACK not in page
    for words in ("first &lt;", "second", "why &lt;", "published &lt;", "before &lt;", "vera"):
        assert words in page
    for decision in ("approve", "hide", "ask", "replace", "ban"):
        assert f'value="{decision}"' in page
    assert "Ban olaf" in page


@pytest.mark.parametrize("decision", ["approve", "hide", "ask", "ban"])
def test_each_decision_is_one_post_and_leads_to_the_next_case(desk, person, decision):
    owner = UserFactory()
    case = CaseFactory(caption=CaptionFactory(image=ImageFactory(owner=owner)))
    following = CaseFactory()
    answer = decide(desk, case, decision=decision, note="so it is")
    assert answer["Location"] == f"{QUEUE}{following.pk}/change/"
    case.refresh_from_db()
    assert (case.decision, case.note, case.decided_by) == (decision, "so it is", person)
    assert Caption.objects.filter(pk=case.caption_id).exists() == (decision == "approve")
    assert CaptionJob.objects.exists() == (decision == "ask")
    assert User.objects.get(pk=owner.pk).is_active == (decision != "ban")
    assert decide(desk, following, decision="approve")["Location"] == QUEUE
    assert AuditEvent.objects.filter(kind="case.decided", address="127.0.0.1").count() == 2


def test_a_replacement_is_published(desk, person):
    case = CaseFactory()
    answer = decide(desk, case, decision="replace", text="Boats.", base_version="0")
    assert answer.status_code == 302
    assert Annotation.objects.get().text == "Boats."
    assert not Caption.objects.filter(pk=case.caption_id).exists()


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"text": "Mine.", "base_version": "0"}, 409, "Somebody else&#x27;s."),
        ({"text": "Mine.", "base_version": "x"}, 409, "Somebody else&#x27;s."),
        ({"text": "  ", "base_version": "1"}, 400, "A text has 1 to 2000 characters"),
        ({"text": "Mine.", "base_version": "1", "note": "x" * 2001}, 400, "A note has at most"),
    ],
    ids=["stale", "nonsense", "empty", "note"],
)
def test_a_refusal_keeps_what_was_written(desk, fields, status, said):
    case = CaseFactory()
    AnnotationFactory(image=case.caption.image, text="Somebody else's.")
    answer = decide(desk, case, decision="replace", **fields)
    page = answer.content.decode()
    assert answer.status_code == status
    assert said in page
    assert fields["text"].strip() in page
    # The next try stands on what is shown.
    assert re.search(r'name="base_version"\s+value="1"', page)
    assert ModerationCase.objects.get().state == "open"


def test_the_second_moderator_is_told(desk):
    decided = CaseFactory(state="decided", decision="hide", decided_at="2026-01-01T00:00Z")
    answer = decide(desk, decided, decision="approve")
    assert answer.status_code == 409
    assert "This case was decided already." in answer.content.decode()
    assert 'value="approve"' not in answer.content.decode()


def test_a_private_photo_is_decided_by_its_caption_alone(desk):
    image = ImageFactory(visibility="private", owner=UserFactory())
    other = CaptionFactory(image=image, text="what else is on it", rank=1)
    AnnotationFactory(image=image, text="what its owner wrote")
    case = CaseFactory(caption=CaptionFactory(image=image))
    page = desk.get(f"{QUEUE}{case.pk}/change/").content.decode()
    assert "This photo is private" in page
    assert f"/i/{image.pk}/" not in page
    for words in (other.text, "what its owner wrote", 'value="replace"'):
        assert words not in page
    refused = decide(desk, case, decision="replace", text="x", base_version="1")
    assert refused.status_code == 404
    assert decide(desk, case, decision="hide").status_code == 302


def test_who_is_no_moderator_decides_nothing(client):
    case = CaseFactory()
    client.force_login(UserFactory(is_staff=True))
    assert client.get(QUEUE).status_code == 403
    assert decide(client, case, decision="hide").status_code == 403
    client.force_login(moderator())  # who is no staff has no administration
    assert "/login/" in decide(client, case, decision="hide")["Location"]
    assert ModerationCase.objects.get().state == "open"


def test_a_decision_needs_the_forms_token(person):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert decide(client, CaseFactory(), decision="hide").status_code == 403


@pytest.mark.parametrize("who", ["visitor", "member", "moderator", "desk", "administrator"])
def test_the_badge_is_for_those_who_may_enter_the_queue(client, who):
    people = {
        "visitor": lambda: None,
        "member": UserFactory,
        "moderator": moderator,
        "desk": lambda: moderator(is_staff=True),
        "administrator": lambda: UserFactory(is_staff=True, is_superuser=True),
    }
    CaseFactory.create_batch(2)
    if person := people[who]():
        client.force_login(person)
    page = client.get("/").content.decode()
    assert ('data-open-cases="2"' in page) == (who in ("desk", "administrator"))
    assert ("2 cases for moderators" in page) == (who in ("desk", "administrator"))


def test_every_list_and_page_opens_and_nobody_adds(admin):
    album = AlbumFactory()
    album_add(person=album.owner, album_id=album.pk, image_ids=[ImageFactory().pk])
    batch = batch_create(person=album.owner, photos=[Sent("p.jpg", photo_bytes()), Sent("x", b"")])
    annotation = AnnotationFactory()
    rows = {
        "gallery/album": album,
        "gallery/batch": batch,
        "captions/vote": VoteFactory(),
        "captions/moderationcase": CaseFactory(),
        "annotations/annotation": annotation,
        "annotations/revision": annotation.revisions.get(),
    }
    for address, row in rows.items():
        assert admin.get(f"/admin/{address}/").status_code == 200
        assert admin.get(f"/admin/{address}/?q=a").status_code == 200
        assert admin.get(f"/admin/{address}/{row.pk}/change/").status_code == 200
        assert admin.get(f"/admin/{address}/add/").status_code == 403
        assert admin.post(f"/admin/{address}/{row.pk}/change/", {}).status_code == 403


@pytest.mark.parametrize(
    "address", ["captions/vote", "captions/moderationcase", "annotations/revision"]
)
def test_what_others_count_on_is_not_deleted_by_hand(admin, address):
    made = {
        "captions/vote": VoteFactory,
        "captions/moderationcase": CaseFactory,
        "annotations/revision": lambda: AnnotationFactory().revisions.get(),
    }[address]()
    assert admin.post(f"/admin/{address}/{made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_case_that_is_gone_leads_back(desk):
    case = CaseFactory()
    case.caption.image.delete()
    assert desk.get(f"{QUEUE}{case.pk}/change/").status_code == 302
    assert decide(desk, case, decision="hide").status_code == 404
    assert reverse("admin:captions_moderationcase_changelist") == QUEUE
