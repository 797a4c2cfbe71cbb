"""Administrators look at votes and texts, and decide cases through the service."""

import pytest

from captions.models import Caption, ModerationCase
from gallery.services.albums import album_add
from gallery.services.batches import Sent, batch_create
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaseFactory,
    ImageFactory,
    UserFactory,
    VoteFactory,
    photo_bytes,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def admin(client, person):
    client.force_login(person)
    return client


@pytest.mark.parametrize(
    ("decision", "shown"), [("approve", True), ("hide", False)], ids=["approve", "hide"]
)
def test_open_cases_are_decided_in_bulk(admin, person, decision, shown):
    cases = [CaseFactory(), CaseFactory()]
    keys = [str(case.pk) for case in cases]
    for _again in range(2):  # the second time nothing is open any more
        admin.post(
            "/admin/captions/moderationcase/", {"action": decision, "_selected_action": keys}
        )
    decided = ModerationCase.objects.values_list("state", "decision", "decided_by")
    assert set(decided) == {("decided", decision, person.pk)}
    assert Caption.objects.exists() == shown
    assert admin.get("/admin/captions/caption/").context["cl"].result_count == 2


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
