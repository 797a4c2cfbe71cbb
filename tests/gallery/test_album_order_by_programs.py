"""The order of an album's photos as programs change it, by GraphQL and by REST version 2."""

import uuid

import pytest

from gallery.models import Album
from gallery.selectors import album_images
from gallery.services.albums import album_add
from tests.factories import AlbumFactory, ImageFactory, UserFactory
from tests.graphql.asking import Asker, gid

pytestmark = pytest.mark.django_db

MOVE = """mutation M($id: ID!, $image: ID!, $after: ID) {
  albumMove(id: $id, imageId: $image, after: $after) { album { id imageCount } } }"""
ORDER = """mutation M($id: ID!, $image: ID!, $after: ID) {
  albumMove(id: $id, imageId: $image, after: $after) {
    album { images { edges { node { uuid } } } } } }"""


def filled(count: int, **fields) -> tuple[Album, list[uuid.UUID]]:
    album = AlbumFactory(**fields)
    keys = [image.pk for image in ImageFactory.create_batch(count)]
    album_add(person=album.owner, album_id=album.pk, image_ids=keys)
    return album, keys


def order(album: Album) -> list[uuid.UUID]:
    return [image.pk for image in album_images(album.owner, album)]


def put(client, album, image, body):
    address = f"/api/v2/albums/{album.pk}/images/{image}/place"
    return client.put(address, body, content_type="application/json")


def test_graphql_puts_a_photo_after_another_or_first():
    album, (one, two, three) = filled(3)
    asker = Asker(album.owner)
    images = list(album_images(album.owner, album))
    moved = asker.ask(ORDER, id=gid(album), image=gid(images[0]), after=gid(images[1]))
    shown = moved["albumMove"]["album"]["images"]["edges"]
    assert [edge["node"]["uuid"] for edge in shown] == [str(two), str(one), str(three)]
    for nothing in ({}, {"after": None}):
        asker.ask(MOVE, id=str(album.pk), image=str(three), **nothing)
        assert order(album) == [three, two, one]


def test_rest_puts_a_photo_after_another_or_first(client):
    album, (one, two, three) = filled(3)
    client.force_login(album.owner)
    for _twice in range(2):
        answer = put(client, album, one, {"after": str(two)})
        assert (answer.status_code, answer.json()["image_count"]) == (200, 3)
        assert order(album) == [two, one, three]
    assert put(client, album, three, {"after": None}).status_code == 200
    shown = client.get(f"/api/v2/albums/{album.pk}/images").json()["results"]
    assert [image["id"] for image in shown] == [str(three), str(two), str(one)]
    # Version 1 is frozen; it shows the order.
    assert client.put(f"/api/v1/albums/{album.pk}/images/{one}/place").status_code == 404
    old = client.get(f"/api/v1/albums/{album.pk}/images").json()["results"]
    assert [image["id"] for image in old] == [image["id"] for image in shown]


def test_both_refuse_alike(client):
    album, keys = filled(2)
    elsewhere = ImageFactory().pk
    for person, image, after, code in [
        (UserFactory(), keys[1], None, "forbidden"),
        (album.owner, elsewhere, None, "not_found"),
        (album.owner, keys[1], str(elsewhere), "not_found"),
    ]:
        asker = Asker(person)
        answer = put(asker.client, album, image, {"after": after}).json()
        asked = asker.refused(MOVE, id=str(album.pk), image=str(image), after=after)
        assert answer["code"] == asked["code"] == code
        assert (asked["status"], asked["message"]) == (answer["status"], answer["detail"])
    client.force_login(album.owner)
    for body, why in [({}, "required"), ({"after": "x"}, "invalid")]:
        answer = put(client, album, keys[1], body)
        assert (answer.status_code, answer.json()["field"]) == (400, "after")
        assert answer.json()["code"] == why
    for field in ("image", "after"):
        ids = {"id": str(album.pk), "image": str(keys[1])} | {field: "x"}
        told = Asker(album.owner).refused(MOVE, **ids)
        assert (told["code"], told["field"]) == (
            "bad_id",
            {"image": "imageId", "after": "after"}[field],
        )
    assert order(album) == keys


def test_the_same_queries_whatever_the_number(django_assert_num_queries):
    for count in (3, 60):
        album, keys = filled(count)
        asker = Asker(album.owner)
        with django_assert_num_queries(13):
            asker.ask(MOVE, id=str(album.pk), image=str(keys[-1]))
        with django_assert_num_queries(13):
            put(asker.client, album, keys[0], {"after": None})
