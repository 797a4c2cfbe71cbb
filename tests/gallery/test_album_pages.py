"""The pages of albums: who sees which, what the forms refuse, and what they cost."""

import uuid

import pytest

from gallery.models import Album
from gallery.services.albums import album_add
from tests.factories import AlbumFactory, CaptionFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client):
    person = UserFactory(username="ada")
    client.force_login(person)
    return person


def filled(count: int, **fields) -> Album:
    album = AlbumFactory(**fields)
    images = [CaptionFactory().image.pk for _number in range(count)]
    album_add(person=album.owner, album_id=album.pk, image_ids=images)
    return album


def titles(page) -> list[str]:
    return [card.album.title for card in page.context["albums"]]


def test_the_list_holds_public_albums_and_ones_own(client, me):
    AlbumFactory(title="Theirs")
    AlbumFactory(title="Hidden", visibility="private")
    AlbumFactory(title="By address", visibility="unlisted")
    AlbumFactory(title="Mine", visibility="private", owner=me)
    assert titles(client.get("/albums/")) == ["Mine", "Theirs"]
    assert titles(client.get("/albums/?mine=1")) == ["Mine"]
    client.logout()
    assert titles(client.get("/albums/?mine=1")) == ["Theirs"]


def test_the_cover_is_the_first_photo_that_the_reader_may_see(client):
    album = AlbumFactory()
    private = ImageFactory(visibility="private", owner=album.owner)
    public = ImageFactory(variants=[{"name": "w320", "width": 320, "height": 240}])
    ids = [private.pk, public.pk]
    album_add(person=album.owner, album_id=album.pk, image_ids=ids)
    [card] = client.get("/albums/").context["albums"]
    assert card.cover == public
    assert card.cover_url.endswith("/w320.webp")
    assert "1 photo" in client.get("/albums/").content.decode()
    client.force_login(album.owner)
    assert client.get("/albums/").context["albums"][0].cover == private


@pytest.mark.parametrize("count", [1, 30])
def test_the_lists_take_a_fixed_number_of_queries(client, count, django_assert_num_queries):
    for _number in range(count):
        filled(2)
    with django_assert_num_queries(2):  # albums with owners and counts, covers
        client.get("/albums/")
    album = filled(count)
    with django_assert_num_queries(6):  # the album; photos, jobs, captions, models, texts
        client.get(f"/albums/{album.pk}/")


def test_pages_of_albums_and_of_an_album_follow_one_another(client):
    albums = [AlbumFactory() for _number in range(31)]
    first = client.get("/albums/")
    more = {"cursor": first.context["next_cursor"]}
    second = client.get("/albums/", more, headers={"hx-request": "true"})
    assert b"<html" not in second.content
    assert len(titles(first) + titles(second)) == 31
    owner, album = albums[0].owner, albums[0]
    ids = [ImageFactory().pk for _number in range(40)]
    album_add(person=owner, album_id=album.pk, image_ids=ids)
    first = client.get(f"/albums/{album.pk}/")
    more = {"cursor": first.context["next_cursor"]}
    second = client.get(f"/albums/{album.pk}/", more, headers={"hx-request": "true"})
    shown = [card.image.pk for page in (first, second) for card in page.context["cards"]]
    assert shown == ids
    assert client.get("/albums/?cursor=x").status_code == 400


def test_an_album_is_made_changed_and_deleted(client, me):
    fields = {"title": " Lakes ", "description": "quiet", "visibility": "unlisted"}
    made = client.post("/albums/new/", fields)
    album = Album.objects.get()
    assert made["Location"] == f"/albums/{album.pk}/"
    assert (album.title, album.visibility, album.owner) == ("Lakes", "unlisted", me)
    assert 'value="Lakes"' in client.get(f"/albums/{album.pk}/edit/").content.decode()
    client.post(f"/albums/{album.pk}/edit/", fields | {"title": "Rivers"})
    album.refresh_from_db()
    assert album.title == "Rivers"
    assert "photos stay" in client.get(f"/albums/{album.pk}/delete/").content.decode()
    assert Album.objects.exists()
    assert client.post(f"/albums/{album.pk}/delete/")["Location"] == "/albums/"
    assert not Album.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": "x" * 5001}, "description"),
        ({"visibility": "secret"}, "visibility"),
    ],
)
def test_a_refused_form_keeps_what_was_written(client, me, wrong, field):
    given = {"title": "Lakes", "description": "quiet", "visibility": "public"} | wrong
    page = client.post("/albums/new/", given)
    assert page.status_code == 422
    text = page.content.decode()
    assert f'id="album-{field}-error"' in text
    assert f'aria-describedby="album-{field}-error"' in text
    assert given["description"][:50] in text
    assert not Album.objects.exists()


def test_strangers_see_no_private_album_and_change_none(client, me):
    private, public = AlbumFactory(visibility="private"), AlbumFactory()
    assert client.get(f"/albums/{private.pk}/").status_code == 404
    assert client.get(f"/albums/{uuid.uuid4()}/").status_code == 404
    page = client.get(f"/albums/{public.pk}/")
    assert "/edit/" not in page.content.decode()
    for action in ("edit", "delete"):
        assert client.get(f"/albums/{public.pk}/{action}/").status_code == 403
        assert client.post(f"/albums/{public.pk}/{action}/", {"title": "x"}).status_code == 403
    client.logout()
    assert "/login/" in client.get("/albums/new/")["Location"]


def test_a_photo_is_removed_from_the_albums_own_page(client, me):
    album = filled(2, owner=me)
    first, second = (item.image_id for item in album.items.all())
    page = client.get(f"/albums/{album.pk}/").content.decode()
    assert page.count('class="album-remove"') == 2
    address = f"/albums/{album.pk}/photos/{first}/remove/"
    gone = client.post(address, headers={"hx-request": "true"})
    assert (gone.status_code, gone.content) == (200, b"")
    assert [item.image_id for item in album.items.all()] == [second]
    assert client.post(address)["Location"] == f"/albums/{album.pk}/"
    theirs = filled(1)
    held = theirs.items.get().image_id
    answer = client.post(
        f"/albums/{theirs.pk}/photos/{held}/remove/", headers={"hx-request": "true"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_titles_and_descriptions_are_text(client):
    album = AlbumFactory(title="<script>alert(1)</script>", description="<img src=x onerror=a>")
    for address in ("/albums/", f"/albums/{album.pk}/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
