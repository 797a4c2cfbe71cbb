"""Albums: who may, what is refused, the order of their photos, and additions at the same moment."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser

from capsite.common.errors import CapsiteError
from gallery.access import album_for, albums_listed
from gallery.models import Album, AlbumItem
from gallery.selectors import album_images
from gallery.services import albums
from gallery.services.albums import (
    album_add,
    album_create,
    album_delete,
    album_remove,
    album_update,
)
from gallery.services.images import image_delete
from tests.factories import AlbumFactory, ImageFactory, UserFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


def refused(act, **kwargs) -> CapsiteError:
    with pytest.raises(CapsiteError) as caught:
        act(**kwargs)
    assert caught.value.message.endswith(".")
    return caught.value


def test_an_album_is_private_unless_said_otherwise():
    owner = UserFactory()
    album = album_create(person=owner, title="  A day\nout ")
    assert (album.title, album.visibility, album.owner) == ("A day out", "private", owner)
    assert album_for(owner, album.pk) == album
    for other in (VISITOR, UserFactory()):
        assert refused(album_for, person=other, album_id=album.pk).code == "not_found"
        assert not albums_listed(other).exists()


def test_unlisted_albums_open_for_all_who_have_the_address():
    album = AlbumFactory(visibility="unlisted")
    assert album_for(VISITOR, album.pk) == album
    assert not albums_listed(VISITOR).exists()
    assert list(albums_listed(album.owner)) == [album]


def test_visitors_make_no_albums():
    assert refused(album_create, person=VISITOR, title="Mine").code == "sign_in_required"


@pytest.mark.parametrize("act", [album_update, album_delete, album_add, album_remove])
@pytest.mark.parametrize(
    ("visibility", "status"), [("public", 403), ("unlisted", 403), ("private", 404)]
)
def test_others_change_nothing(act, visibility, status):
    album = AlbumFactory(visibility=visibility, title="Before")
    more = {"image_ids": [ImageFactory().pk]} if act in (album_add, album_remove) else {}
    for person in (VISITOR, UserFactory()):
        error = refused(act, person=person, album_id=album.pk, **more)
        assert error.status == status
    assert Album.objects.get().title == "Before"
    assert not AlbumItem.objects.exists()


def test_administrators_may_change_every_album():
    album = AlbumFactory(visibility="private")
    admin = UserFactory(is_superuser=True)
    assert album_update(person=admin, album_id=album.pk, title="Seen").title == "Seen"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \0 "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "description": "x" * 5001}, "description"),
        ({"title": "x", "visibility": "secret"}, "visibility"),
    ],
    ids=str,
)
def test_bad_input_is_named(fields, field):
    assert refused(album_create, person=UserFactory(), **fields).field == field
    assert not Album.objects.exists()


def test_what_postgresql_cannot_store_is_left_out():
    album = album_create(person=UserFactory(), title="a\0b\ud800", description="c\0d\udfff")
    assert (album.title, album.description) == ("ab", "cd")


def test_an_update_changes_what_is_given_and_leaves_the_rest():
    album = AlbumFactory(title="Old", description="Words", visibility="public")
    album_update(person=album.owner, album_id=album.pk, visibility="unlisted")
    album_update(person=album.owner, album_id=album.pk, description="")
    row = Album.objects.get()
    assert (row.title, row.description, row.visibility) == ("Old", "", "unlisted")


def test_photos_come_in_the_order_they_were_added_and_once():
    album, images = AlbumFactory(), ImageFactory.create_batch(4)
    keys = [image.pk for image in images]
    album_add(person=album.owner, album_id=album.pk, image_ids=[keys[2], keys[0], keys[2]])
    album_add(person=album.owner, album_id=album.pk, image_ids=[keys[0], keys[3]])
    album_remove(person=album.owner, album_id=album.pk, image_ids=[keys[0], uuid.uuid4()])
    album_add(person=album.owner, album_id=album.pk, image_ids=[keys[0]])
    shown = [image.pk for image in album_images(VISITOR, album)]
    assert shown == [keys[2], keys[3], keys[0]]


def test_a_photo_that_one_may_not_see_stops_the_whole_addition():
    album = AlbumFactory()
    fine, hidden = ImageFactory(), ImageFactory(owner=UserFactory(), visibility="private")
    for unseen in (hidden.pk, uuid.uuid4()):
        ids = [fine.pk, unseen]
        error = refused(album_add, person=album.owner, album_id=album.pk, image_ids=ids)
        assert error.code == "not_found"
    assert not AlbumItem.objects.exists()


def test_private_photos_of_an_album_show_to_their_owner_alone():
    album = AlbumFactory()
    mine = ImageFactory(owner=album.owner, visibility="private")
    unlisted = ImageFactory(visibility="unlisted")
    album_add(person=album.owner, album_id=album.pk, image_ids=[mine.pk, unlisted.pk])
    assert list(album_images(album.owner, album)) == [mine, unlisted]
    for other in (VISITOR, UserFactory()):
        assert list(album_images(other, album)) == [unlisted]


def test_an_album_has_room_for_so_many(monkeypatch):
    monkeypatch.setattr(albums, "MOST_IMAGES", 3)
    album, images = AlbumFactory(), ImageFactory.create_batch(4)
    keys = [image.pk for image in images]
    error = refused(album_add, person=album.owner, album_id=album.pk, image_ids=keys)
    assert (error.code, error.field) == ("album_full", "images")
    album_add(person=album.owner, album_id=album.pk, image_ids=keys[:3])
    album_add(person=album.owner, album_id=album.pk, image_ids=keys[:3])
    assert AlbumItem.objects.count() == 3


def test_deleting_an_album_leaves_its_photos_and_a_photo_leaves_its_albums():
    album = AlbumFactory()
    image, other = ImageFactory(owner=album.owner), ImageFactory()
    album_add(person=album.owner, album_id=album.pk, image_ids=[image.pk, other.pk])
    image_delete(person=album.owner, image_id=image.pk)
    assert list(album_images(VISITOR, album)) == [other]
    album_delete(person=album.owner, album_id=album.pk)
    assert not Album.objects.exists()
    other.refresh_from_db()


@pytest.mark.parametrize("count", [1, 40])
def test_additions_take_the_same_queries_whatever_their_number(
    count, django_assert_max_num_queries
):
    album, images = AlbumFactory(), ImageFactory.create_batch(count)
    with django_assert_max_num_queries(10):  # two of them open and close the transaction
        album_add(person=album.owner, album_id=album.pk, image_ids=[i.pk for i in images])
    assert AlbumItem.objects.count() == count


@pytest.mark.django_db(transaction=True)
def test_twelve_additions_at_once_lose_nothing_and_share_no_place():
    album, images = AlbumFactory(), ImageFactory.create_batch(24)
    keys = [image.pk for image in images]

    def addition(place: int):
        ids = [*keys[place * 2 : place * 2 + 2], keys[0]]  # one photo is in every addition
        return lambda: album_add(person=album.owner, album_id=album.pk, image_ids=ids)

    at_once([addition(place) for place in range(12)])
    places = list(AlbumItem.objects.values_list("position", flat=True))
    assert len(places) == len(set(places)) == 24
    assert set(AlbumItem.objects.values_list("image", flat=True)) == set(keys)


@pytest.mark.django_db(transaction=True)
def test_a_photo_deleted_while_it_is_added():
    owner = UserFactory()
    for _round in range(5):
        album, image = AlbumFactory(owner=owner), ImageFactory(owner=owner)
        ids = [image.pk]
        added, _gone = at_once(
            [
                lambda key=album.pk, ids=ids: album_add(person=owner, album_id=key, image_ids=ids),
                lambda key=image.pk: image_delete(person=owner, image_id=key),
            ]
        )
        assert isinstance(added, Album) or added.code == "not_found"
    assert not AlbumItem.objects.exists()
