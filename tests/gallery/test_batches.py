"""Batches: refused photos stop no other, and the state follows from the photos' jobs."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from capsite.common.errors import CapsiteError, NotFound
from gallery.access import batch_for
from gallery.models import Batch, CaptionJob, Image
from gallery.models.job import State
from gallery.selectors import batch_items, batch_status
from gallery.services.batches import Sent, batch_create
from gallery.services.images import image_delete
from tests.factories import UserFactory, photo_bytes

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


def sent(count: int) -> list[Sent]:
    return [Sent(f"p{seed}.jpg", photo_bytes(seed)) for seed in range(count)]


def end(job: CaptionJob, state: str = State.DONE) -> None:
    reason = {"error_code": "out_of_memory"} if state == State.FAILED else {}
    CaptionJob.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now(), **reason)


def test_refused_photos_stop_no_other_and_say_why():
    elsewhere = CapsiteError("url_not_allowed", "This address is not allowed.", field="url")
    photos = [
        Sent("good.jpg", photo_bytes(1)),
        Sent("bad.jpg", b"no photo"),
        Sent("far.jpg", refusal=elsewhere),
        Sent("empty.jpg"),
        Sent("again.jpg", photo_bytes(1)),
    ]
    batch = batch_create(person=VISITOR, photos=iter(photos), language="tr", num=2)
    items = list(batch_items(batch))
    assert [item.position for item in items] == [0, 1, 2, 3, 4]
    assert [item.error_code for item in items] == [
        *("", "not_a_photo", "url_not_allowed", "file_empty", "")
    ]
    assert all(item.error_message.endswith(".") for item in items if item.error_code)
    assert items[0].image == items[4].image == Image.objects.get()
    assert (items[0].job.language, items[0].job.num) == ("tr", 2)
    assert batch_status(batch) == {
        "state": "running", "total": 5, "done": 0, "failed": 3, "waiting": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([State.DONE, State.DONE], "done"),
        ([State.DONE, State.FAILED], "partial"),
        ([State.FAILED, State.FAILED], "failed"),
        ([State.DONE], "running"),
    ],
    ids=str,
)
def test_the_state_follows_from_the_jobs(ends, state, django_assert_num_queries):
    batch = batch_create(person=UserFactory(), photos=sent(2))
    for item, ended in zip(batch_items(batch), ends, strict=False):
        end(item.job, ended)
    with django_assert_num_queries(1):
        status = batch_status(batch)
    assert status["state"] == state
    assert status["total"] == status["done"] + status["failed"] + status["waiting"] == 2


def test_a_photo_deleted_later_leaves_its_line():
    owner = UserFactory()
    batch = batch_create(person=owner, photos=sent(2))
    image_delete(person=owner, image_id=batch.items.get(position=0).image_id)
    assert [item.image is None for item in batch_items(batch)] == [True, False]
    assert batch_status(batch)["waiting"] == 1


@pytest.mark.parametrize("count", [0, 4])
def test_too_few_or_too_many_take_nothing_in(count, settings):
    settings.CAPSITE_BATCH_MOST_PHOTOS = 3
    with pytest.raises(CapsiteError) as caught:
        batch_create(person=VISITOR, photos=sent(count))
    assert (caught.value.code, caught.value.field) == ("batch_size", "images")
    assert not Image.objects.exists()
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("ask", "field"),
    [({"language": "de"}, "language"), ({"strategy": "magic"}, "strategy"), ({"num": 11}, "num")],
    ids=str,
)
def test_what_nobody_can_be_asked_for_is_one_refusal(ask, field):
    with pytest.raises(CapsiteError) as caught:
        batch_create(person=VISITOR, photos=sent(1), **ask)
    assert caught.value.field == field
    assert not Batch.objects.exists()


def test_visitors_where_uploads_need_an_account(settings):
    settings.CAPSITE_ANONYMOUS_UPLOADS = False
    with pytest.raises(CapsiteError) as caught:
        batch_create(person=VISITOR, photos=sent(1))
    assert caught.value.code == "sign_in_required"


def test_a_members_batch_is_theirs_and_a_visitors_is_whose_address_one_has():
    owner, other, admin = UserFactory(), UserFactory(), UserFactory(is_superuser=True)
    mine, anybodys = (batch_create(person=who, photos=sent(1)) for who in (owner, VISITOR))
    for person in (owner, admin):
        assert batch_for(person, mine.pk) == mine
    for person in (other, VISITOR):
        with pytest.raises(NotFound):
            batch_for(person, mine.pk)
        assert batch_for(person, anybodys.pk) == anybodys
