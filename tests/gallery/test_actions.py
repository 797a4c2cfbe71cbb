"""The menu of a photo: what it offers to whom, and what it does."""

import pytest

from gallery.models import Album, Image
from gallery.services.albums import album_add
from gallery.services.uploads import image_upload
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    ImageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
SCRIPT = {"hx-request": "true"}


@pytest.fixture
def me(client):
    person = UserFactory(username="ada")
    client.force_login(person)
    return person


def menu(client, image: Image, **headers) -> str:
    return client.get(f"/photos/{image.pk}/actions/", headers=SCRIPT | headers).content.decode()


def test_everybody_may_share_and_download(client):
    image = CaptionFactory(text="a dog runs").image
    text = menu(client, image)
    assert f'data-copy="http://testserver/photos/{image.pk}/"' in text
    assert 'data-copy="a dog runs"' in text
    assert f"/i/{image.pk}/w640.webp?download" in text
    for owners in ("original", "delete", "edit", "albums"):
        assert f"/photos/{image.pk}/{owners}/" not in text
    assert "<html" not in text


def test_the_alternative_text_is_the_published_one(client):
    image = CaptionFactory(text="a dog runs").image
    AnnotationFactory(image=image, text="Bir köpek.", language="tr")
    assert 'data-copy="Bir köpek."' in menu(client, image)
    AnnotationFactory(image=image, text="A dog.", language="en")
    assert 'data-copy="A dog."' in menu(client, image)


def test_without_scripts_the_menu_is_a_page(client, me):
    image = ImageFactory(owner=me)
    page = client.get(f"/photos/{image.pk}/actions/").content.decode()
    assert "<html" in page
    assert f'action="/photos/{image.pk}/delete/"' in page


@pytest.mark.parametrize("albums", [0, 20])
def test_how_many_queries_the_menu_takes(client, me, albums, django_assert_num_queries):
    image = CaptionFactory(image__owner=me).image
    AlbumFactory.create_batch(albums, owner=me)
    # session, person; the photo, its captions, their models, its texts; albums
    with django_assert_num_queries(7):
        menu(client, image)


def test_title_and_visibility_are_the_owners_to_change(client, me):
    image = ImageFactory(owner=me)
    address = f"/photos/{image.pk}/edit/"
    text = client.post(address, {"title": " A <b> lake "}, headers=SCRIPT).content.decode()
    assert 'hx-swap-oob="innerHTML:.photo-title">A &lt;b&gt; lake<' in text
    client.post(address, {"visibility": "private"}, headers=SCRIPT)
    image.refresh_from_db()
    assert (image.title, image.visibility) == ("A <b> lake", "private")
    plain = client.post(address, {"visibility": "public"})
    assert plain["Location"] == f"/photos/{image.pk}/actions/"
    other = ImageFactory(owner=UserFactory())
    refused = client.post(f"/photos/{other.pk}/edit/", {"title": "x"}, headers=SCRIPT)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("wrong", [{"title": "x" * 256}, {"visibility": "secret"}])
def test_a_refused_change_stands_beside_its_field(client, me, wrong):
    image = ImageFactory(owner=me)
    answer = client.post(f"/photos/{image.pk}/edit/", wrong, headers=SCRIPT)
    assert answer.status_code == 422
    assert answer["X-Piece"] == "1"
    assert "field-errors" in answer.content.decode()


def test_a_photo_goes_into_albums_and_out(client, me):
    image, album = ImageFactory(), AlbumFactory(owner=me, title="Lakes")
    address = f"/photos/{image.pk}/albums/"
    assert f'name="add"\n                  value="{album.pk}"' in menu(client, image)
    text = client.post(address, {"add": str(album.pk)}, headers=SCRIPT).content.decode()
    assert f'name="remove"\n                  value="{album.pk}"' in text
    assert album.items.get().image == image
    client.post(address, {"remove": str(album.pk)}, headers=SCRIPT)
    assert not album.items.exists()
    client.post(address, {"new": "Rivers"}, headers=SCRIPT)
    assert Album.objects.get(title="Rivers").items.get().image == image
    refused = client.post(address, {"new": " "}, headers=SCRIPT)
    assert refused.status_code == 422
    assert 'id="new-album-error"' in refused.content.decode()


def test_nobody_fills_the_albums_of_others(client, me):
    theirs, image = AlbumFactory(), ImageFactory()
    album_add(person=theirs.owner, album_id=theirs.pk, image_ids=[image.pk])
    assert theirs.title not in menu(client, image)
    for word, status in (("add", 403), ("remove", 403)):
        answer = client.post(f"/photos/{image.pk}/albums/", {word: str(theirs.pk)}, headers=SCRIPT)
        assert answer.status_code == status, answer.content
    answer = client.post(f"/photos/{image.pk}/albums/", {"add": "x"}, headers=SCRIPT)
    assert answer.status_code == 404


def test_deleting_asks_first_where_there_are_no_scripts(client, me):
    image = ImageFactory(owner=me)
    address = f"/photos/{image.pk}/delete/"
    assert "cannot be brought back" in client.get(address).content.decode()
    assert Image.objects.exists()
    assert client.post(address)["Location"] == "/"
    assert not Image.objects.exists()


def test_scripts_delete_without_a_page(client, me):
    image = ImageFactory(owner=me)
    answer = client.post(f"/photos/{image.pk}/delete/", headers=SCRIPT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Image.objects.exists()


def test_the_original_is_its_owners_alone(client, me, photo):
    image = image_upload(data=photo, name="Göl.jpg", person=me).image
    answer = client.get(f"/photos/{image.pk}/original/")
    assert answer.content == photo
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == 'attachment; filename="gol.jpeg"'
    assert "no-store" in answer["Cache-Control"]
    client.force_login(UserFactory())
    assert client.get(f"/photos/{image.pk}/original/").status_code == 403
    client.logout()
    assert "/login/" in client.get(f"/photos/{image.pk}/original/")["Location"]


def test_a_missing_original_is_said(client, me):
    image = ImageFactory(owner=me)
    assert client.get(f"/photos/{image.pk}/original/").status_code == 404


def test_private_photos_have_no_menu_for_others(client, me):
    image = ImageFactory(visibility="private", owner=UserFactory())
    for address in ("actions", "original", "delete"):
        assert client.get(f"/photos/{image.pk}/{address}/").status_code == 404
    for address in ("edit", "albums", "delete"):
        assert client.post(f"/photos/{image.pk}/{address}/", {"title": "x"}).status_code == 404


def test_those_who_signed_out_meanwhile_are_told(client):
    image = ImageFactory()
    answer = client.post(f"/photos/{image.pk}/delete/", headers=SCRIPT)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


def test_the_photo_page_has_the_menu(client):
    image = CaptionFactory().image
    page = client.get(f"/photos/{image.pk}/").content.decode()
    assert 'popovertarget="photo-actions"' in page
    assert f'href="/photos/{image.pk}/actions/"' in page
