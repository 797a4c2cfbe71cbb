"""Owners change and delete their photos, and screens hear what they may, after commit."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from capsite.common import push
from capsite.common.errors import CapsiteError
from gallery.models import Image
from gallery.services.images import image_delete, image_update
from gallery.services.uploads import captions_ask, image_upload
from tests.factories import CaptionFactory, ImageFactory, UserFactory, moderator, photo_bytes
from tests.races import at_once

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


@pytest.fixture
def pushed(monkeypatch) -> list[tuple[tuple[str, ...], str]]:
    """What left for the sockets: groups and type."""
    seen: list = []
    monkeypatch.setattr(push, "_push", lambda groups, told: seen.append((groups, told["type"])))
    return seen


@pytest.mark.parametrize("act", [image_update, image_delete])
def test_only_owners_and_administrators_change_a_photo(act):
    for visibility, status in (("public", 403), ("unlisted", 403), ("private", 404)):
        image = ImageFactory(owner=UserFactory(), visibility=visibility)
        for person in (VISITOR, UserFactory(), moderator()):
            with pytest.raises(CapsiteError) as caught:
                act(person=person, image_id=image.pk)
            assert caught.value.status == status
    act(person=image.owner, image_id=image.pk)
    visitors = ImageFactory()
    with pytest.raises(CapsiteError):
        act(person=UserFactory(), image_id=visitors.pk)
    act(person=UserFactory(is_superuser=True, is_staff=True), image_id=visitors.pk)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"title": "x" * 256}, "title"), ({"visibility": "secret"}, "visibility")],
    ids=["title", "visibility"],
)
def test_bad_input_changes_nothing(fields, field):
    image = ImageFactory(owner=UserFactory(), title="Before")
    with pytest.raises(CapsiteError) as caught:
        image_update(person=image.owner, image_id=image.pk, **fields)
    assert caught.value.field == field
    assert Image.objects.get().title == "Before"


def test_titles_are_one_storable_line():
    image = ImageFactory(owner=UserFactory())
    changed = image_update(person=image.owner, image_id=image.pk, title=" A\0 day \n\ud800 out ")
    assert changed.title == "A day out"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("public", "public", []),
        ("public", "private", [("gallery", "image.removed")]),
        ("public", "unlisted", [("gallery", "image.removed")]),
        ("unlisted", "private", [("image", "image.removed")]),
        ("unlisted", "public", [("gallery", "image.created")]),
        ("private", "public", [("gallery", "image.created")]),
        ("private", "unlisted", []),
    ],
    ids=str,
)
def test_screens_that_may_not_see_a_photo_any_more_drop_it(
    before, after, told, pushed, django_capture_on_commit_callbacks
):
    image = ImageFactory(owner=UserFactory(), visibility=before)
    with django_capture_on_commit_callbacks(execute=True):
        image_update(person=image.owner, image_id=image.pk, visibility=after)
        assert pushed == []
    heard = [(group.split(".")[0], kind) for groups, kind in pushed for group in groups]
    assert heard == told


def test_a_private_deletion_is_told_to_those_who_saw_it(pushed, django_capture_on_commit_callbacks):
    image = ImageFactory(owner=UserFactory(), visibility="private")
    with django_capture_on_commit_callbacks(execute=True):
        image_delete(person=image.owner, image_id=image.pk)
    [(groups, kind)] = pushed
    assert kind == "image.removed"
    assert set(groups) == {f"image.{image.pk}", f"user.{image.owner.pk}"}


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_is_rolled_back_keeps_files_and_tells_nobody(pushed, media):
    owner = UserFactory()
    image = image_upload(data=photo_bytes(5), name="p.jpg", person=owner).image
    pushed.clear()
    with transaction.atomic():
        image_delete(person=owner, image_id=image.pk)
        transaction.set_rollback(True)
    assert Image.objects.get() == image
    assert (media / image.original).exists()
    assert pushed == []
    image_delete(person=owner, image_id=image.pk)
    assert not (media / image.original).exists()


def test_a_visitors_photo_cannot_be_private():
    with pytest.raises(CapsiteError) as caught:
        image_upload(data=photo_bytes(), name="p.jpg", person=VISITOR, visibility="private")
    assert caught.value.code == "sign_in_required"
    assert not Image.objects.exists()


def test_a_photo_known_already_keeps_its_visibility():
    owner = UserFactory()
    sent = {"data": photo_bytes(), "name": "p.jpg", "person": owner}
    assert image_upload(**sent, visibility="private").image.visibility == "private"
    again = image_upload(**sent, visibility="public")
    assert (again.existing, again.image.visibility) == (True, "private")


def test_another_members_private_photo_is_not_found_by_its_bytes():
    first = image_upload(
        data=photo_bytes(), name="p.jpg", person=UserFactory(), visibility="private"
    )
    second = image_upload(data=photo_bytes(), name="p.jpg", person=UserFactory())
    assert (second.existing, second.image.pk == first.image.pk) == (False, False)


@pytest.mark.parametrize(
    ("ask", "field"),
    [({"language": "de"}, "language"), ({"language": "en", "num": 0}, "num")],
    ids=str,
)
def test_captions_nobody_makes_are_refused(ask, field):
    with pytest.raises(CapsiteError) as caught:
        captions_ask(image=ImageFactory(), **ask)
    assert caught.value.field == field


@pytest.mark.django_db(transaction=True)
def test_a_title_and_a_visibility_changed_at_once_are_both_kept():
    for _round in range(8):
        image = ImageFactory(owner=UserFactory(), title="Old")
        change = {"person": image.owner, "image_id": image.pk}
        at_once(
            [
                lambda change=change: image_update(**change, title="New"),
                lambda change=change: image_update(**change, visibility="private"),
            ]
        )
        row = Image.objects.get(pk=image.pk)
        assert (row.title, row.visibility) == ("New", "private")


@pytest.mark.django_db(transaction=True)
def test_a_photo_deleted_twice_at_once_is_gone_once():
    image = ImageFactory(owner=UserFactory())
    CaptionFactory.create_batch(3, image=image)
    delete = {"person": image.owner, "image_id": image.pk}
    at_once([lambda: image_delete(**delete) for _ in range(4)])
    assert not Image.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_storage_that_is_away_does_not_undo_a_deletion(monkeypatch):
    def away(folder):
        raise OSError("the bucket cannot be reached")

    monkeypatch.setattr("gallery.services.files.files_delete", away)
    image = ImageFactory(owner=UserFactory())
    image_delete(person=image.owner, image_id=image.pk)
    assert not Image.objects.exists()
