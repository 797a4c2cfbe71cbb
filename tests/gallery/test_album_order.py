"""The order of an album's photos: moves by neighbour and by place, who may, and moves at once."""

import uuid

import pytest

from capsite.common.errors import CapsiteError
from gallery.models import Album
from gallery.selectors import album_images
from gallery.services.albums import album_add, album_move, album_remove, album_shift
from tests.factories import AlbumFactory, ImageFactory, UserFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db


def filled(count: int, **fields) -> tuple[Album, list[uuid.UUID]]:
    album = AlbumFactory(**fields)
    keys = [image.pk for image in ImageFactory.create_batch(count)]
    album_add(person=album.owner, album_id=album.pk, image_ids=keys)
    return album, keys


def order(album: Album, person=None) -> list[uuid.UUID]:
    return [image.pk for image in album_images(person or album.owner, album)]


@pytest.mark.parametrize("moved", range(4))
@pytest.mark.parametrize("after", [None, 0, 1, 2, 3])
def test_a_photo_goes_right_after_another(moved, after):
    album, keys = filled(4)
    where = None if after is None else keys[after]
    album_move(person=album.owner, album_id=album.pk, image_id=keys[moved], after=where)
    expected = [key for key in keys if key != keys[moved]]
    place = 0 if after is None else expected.index(where) + 1 if where != keys[moved] else moved
    expected.insert(place, keys[moved])
    assert order(album) == expected


@pytest.mark.parametrize(("by", "place"), [(-9, 0), (-1, 1), (0, 2), (1, 3), (9, 4)])
def test_a_photo_moves_so_many_places(by, place):
    album, keys = filled(5)
    album_shift(person=album.owner, album_id=album.pk, image_id=keys[2], by=by)
    assert order(album).index(keys[2]) == place
    album_remove(person=album.owner, album_id=album.pk, image_ids=[keys[0]])
    album_add(person=album.owner, album_id=album.pk, image_ids=[keys[0]])
    assert order(album)[-1] == keys[0]


def test_photos_that_one_does_not_see_count_for_no_place():
    album, keys = filled(2)
    theirs = UserFactory()
    AlbumFactory(owner=theirs)
    hidden = ImageFactory(owner=theirs, visibility="private")
    album.items.create(image=hidden, position=50)
    [last] = ImageFactory.create_batch(1)
    album_add(person=album.owner, album_id=album.pk, image_ids=[last.pk])
    album_shift(person=album.owner, album_id=album.pk, image_id=last.pk, by=-1)
    assert order(album) == [keys[0], last.pk, keys[1]]
    assert order(album, theirs) == [keys[0], last.pk, keys[1], hidden.pk]


@pytest.mark.parametrize("act", [album_move, album_shift])
def test_strangers_move_nothing_and_photos_of_elsewhere_are_not_found(act):
    album, keys = filled(2)
    more = {"by": 1} if act is album_shift else {"after": keys[1]}
    with pytest.raises(CapsiteError) as caught:
        act(person=UserFactory(), album_id=album.pk, image_id=keys[0], **more)
    assert caught.value.status == 403
    with pytest.raises(CapsiteError) as caught:
        act(person=album.owner, album_id=album.pk, image_id=ImageFactory().pk, **more)
    assert caught.value.code == "not_found"
    assert order(album) == keys


def test_a_move_takes_the_same_queries_whatever_the_number(django_assert_num_queries):
    for count in (3, 60):
        album, keys = filled(count)
        with django_assert_num_queries(9):  # two of them open and close the transaction
            album_move(person=album.owner, album_id=album.pk, image_id=keys[-1])


def test_the_page_moves_by_plain_forms_and_by_scripts(client):
    album, keys = filled(3)
    client.force_login(album.owner)
    page = client.get(f"/albums/{album.pk}/arrange/").content.decode()
    assert [page.index(f'id="photo-{key}"') for key in keys] == sorted(
        page.index(f'id="photo-{key}"') for key in keys
    )
    address = f"/albums/{album.pk}/photos/{keys[2]}/move/"
    answer = client.post(address, {"by": "-10000"})
    assert answer["Location"] == f"/albums/{album.pk}/arrange/#photo-{keys[2]}"
    assert order(album) == [keys[2], keys[0], keys[1]]
    script = {"hx-request": "true"}
    assert client.post(address, {"after": str(keys[1])}, headers=script).status_code == 204
    assert order(album) == keys
    for wrong in ({"by": "x"}, {"after": "x"}):
        assert client.post(address, wrong, headers=script).status_code == 400
    client.force_login(UserFactory())
    assert client.get(f"/albums/{album.pk}/arrange/").status_code == 403
    assert client.post(address, {"by": "1"}, headers=script).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_both_count():
    for _round in range(5):
        album, keys = filled(6)

        def move(photo: int, after: int, album=album, keys=keys):
            ids = {"image_id": keys[photo], "after": keys[after]}
            return lambda: album_move(person=album.owner, album_id=album.pk, **ids)

        at_once([move(5, 0), move(1, 3)])
        assert order(album) == [keys[place] for place in (0, 5, 2, 3, 1, 4)]


@pytest.mark.django_db(transaction=True)
def test_twelve_moves_and_additions_at_once_lose_no_photo():
    album, keys = filled(12)
    new = [image.pk for image in ImageFactory.create_batch(4)]
    who = {"person": album.owner, "album_id": album.pk}
    moves = [lambda key=key: album_move(**who, image_id=key) for key in keys[:6]]
    shifts = [lambda key=key: album_shift(**who, image_id=key, by=3) for key in keys[6:]]
    adds = [lambda key=key: album_add(**who, image_ids=[key]) for key in new]
    at_once([*moves, *shifts, *adds])
    assert set(order(album)) == {*keys, *new}
    places = list(album.items.values_list("position", flat=True))
    assert len(set(places)) == 16
    assert max(places) < 1_000
