"""The client against the whole running site: web, worker, database, sockets."""

import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from capsite_client import (
    Client,
    ClientCredentials,
    EditConflict,
    IdempotencyKeyReused,
    InputInvalid,
    InsufficientScope,
    JWTAuth,
    NotFound,
    PhotoRefused,
    SignInRequired,
    UrlRefused,
)

from tests.clients.conftest import Face
from tests.clients.site import PASSWORD, people_made
from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def site(tiny_model) -> Iterator[Site]:
    """A site with the tiny model, started once."""
    with short_folder() as var:
        running = Site(var, tiny_model)
        try:
            yield running.start(300)
        finally:
            assert running.stop() == 0


@pytest.fixture(scope="module")
def people(site) -> dict[str, Any]:
    """Tokens of ada and bo, and ada's program."""
    return people_made(site)


@pytest.fixture(params=["sync", "async"])
def kind(request) -> str:
    """Each client in turn."""
    return request.param


@pytest.fixture
def ada(kind, site, people) -> Iterator[Face]:
    """A client that speaks for ada."""
    face = Face(kind, site.url, auth=people["ada"], sleep=True)
    yield face
    face.close()


@pytest.fixture
def bo(site, people) -> Iterator[Client]:
    """A client that speaks for bo."""
    with Client(site.url, auth=people["bo"]) as client:
        yield client


def new_photo() -> bytes:
    """A photo that the site has not seen."""
    return photo_bytes(random.randrange(10**9, 10**12))


def test_a_photo_comes_back_with_its_captions(ada):
    photo = new_photo()
    result = ada("caption", photo, strategies=["beam", "greedy"], num=2)
    assert result.ended
    assert not result.cached
    assert [job.state for job in result.jobs] == ["done", "done"]
    found = sorted((one.strategy, one.rank) for one in result.captions)
    assert found == [("beam", 0), ("beam", 1), ("greedy", 0)]
    assert result.image.owner.name == "ada"
    assert result.best.confidence == max(one.confidence for one in result.captions)

    again = ada("caption", photo, strategies=["beam", "greedy"], num=2, wait=0)
    assert {one.id for one in again.captions} == {one.id for one in result.captions}
    image = ada("image", result.image.id)
    assert (image.sha256, image.state) == (result.image.sha256, "done")
    assert {one.id for one in ada.listed("captions", image.id)} >= {result.captions[0].id}
    assert ada("read_caption", result.captions[0].id) == result.captions[0]


def test_a_photo_is_waited_for_job_by_job(ada):
    result = ada("caption", new_photo(), wait=0)
    job = ada("wait", result.jobs[0])
    assert job.state == "done"
    assert job.finished_at >= job.created_at
    assert [one.state for one in ada.listed("jobs", image=result.image.id)] == ["done"]
    more = ada("ask", result.image.id, strategies=["nucleus"], language="tr")
    assert ada("wait", more[0].id).language == "tr"


def test_a_key_answers_once(ada):
    photo, key = new_photo(), f"key-{random.random()}"
    first = ada("caption", photo, key=key, wait=0)
    assert ada("caption", photo, key=key, wait=0).jobs[0].id == first.jobs[0].id
    with pytest.raises(IdempotencyKeyReused):
        ada("caption", new_photo(), key=key, wait=0)


def test_refusals_are_named(ada, site):
    with pytest.raises(PhotoRefused) as caught:
        ada("caption", b"no photo at all")
    assert (caught.value.code, caught.value.field) == ("not_a_photo", "image")
    with pytest.raises(UrlRefused) as caught:
        ada("caption", f"{site.url}/static/x.jpg")
    assert caught.value.code == "url_not_allowed"
    with pytest.raises(InputInvalid) as caught:
        ada("caption", new_photo(), num=99)
    assert (caught.value.code, caught.value.field) == ("max_value", "num")
    with pytest.raises(NotFound):
        ada("image", "0b7c9d3e-0000-4000-8000-000000000001")


def test_a_batch_reports_what_went_wrong(ada, tmp_path):
    report = ada("batch", [new_photo(), tmp_path / "missing.jpg", b"no photo", new_photo()])
    assert [item.state for item in report.items] == ["done", "failed", "failed", "done"]
    assert [item.error.code for item in report.failed] == ["file_unreadable", "not_a_photo"]
    assert report.waiting == ()
    assert ada("batch_status", report.batches[0].id).state == "partial"


def test_lists_go_on_from_page_to_page(ada):
    made = [ada("caption", new_photo(), wait=0).image.id for _ in range(3)]
    found = ada.listed("images", owner="me", limit=2, most=3)
    assert [image.id for image in found] == made[::-1]


def test_people_vote(ada, bo):
    caption = ada("caption", new_photo()).captions[0]
    assert bo.vote(caption.id, 1).votes.mine == 1
    assert (ada("vote", caption.id, -1).votes.up, bo.read_caption(caption.id).votes.down) == (1, 1)
    assert ada.listed("my_votes", most=1)[0].caption.id == caption.id
    ada("withdraw_vote", caption.id)
    assert bo.read_caption(caption.id).votes.down == 0


def test_texts_are_edited_one_on_top_of_the_other(ada, bo):
    result = ada("caption", new_photo())
    image, caption = result.image.id, result.captions[0]
    text = ada("edit", image, "en", "A hound.", base_version=0)
    with pytest.raises(EditConflict) as caught:
        bo.edit(image, "en", "A dog.", base_version=0)
    assert (caught.value.version, caught.value.text) == (1, "A hound.")
    assert bo.edit(image, "en", "A dog.", base_version=1).author.name == "bo"
    promoted = ada("promote", caption.id, base_version=2)
    assert (promoted.text, promoted.version) == (caption.text, 3)
    assert ada("revert", text.id, 1, base_version=3).text == "A hound."
    kinds = [one.number for one in ada.listed("revisions", text.id)]
    assert kinds == [4, 3, 2, 1]
    assert [one.text for one in ada.listed("annotations", image)] == ["A hound."]
    assert ada("image", image).published[0].author.name == "ada"
    found = ada.listed("search", "A hound.", most=30)
    assert image in {one.image.id for one in found}


def test_albums_hold_photos(ada):
    images = [ada("caption", new_photo(), wait=0).image.id for _ in range(2)]
    album = ada("albums.create", "Dogs", visibility="private")
    assert ada("albums.add", album.id, images).image_count == 2
    assert ada("albums.move", album.id, images[1]).id == album.id
    assert [one.id for one in ada.listed("albums.images", album.id)] == images[::-1]
    assert ada("albums.update", album.id, title="Hounds").title == "Hounds"
    assert album.id in {one.id for one in ada.listed("albums.list", owner="me")}
    assert ada("albums.remove", album.id, images).image_count == 0
    ada("albums.delete", album.id)
    with pytest.raises(NotFound):
        ada("albums.get", album.id)


def test_webhooks_are_kept(ada):
    made = ada("webhooks.create", "https://93.184.215.14/hook", ["caption.ready"], name="mine")
    assert made.secret
    assert ada("webhooks.get", made.id).secret == ""
    assert ada("webhooks.rotate_secret", made.id) != made.secret
    assert ada("webhooks.update", made.id, active=False).active is False
    assert made.id in {one.id for one in ada.listed("webhooks.list")}
    assert ada.listed("webhooks.deliveries", made.id) == []
    ada("webhooks.delete", made.id)


def test_the_site_says_what_it_offers(ada):
    me = ada("me")
    assert (me.name, me.role, me.signed_in_by) == ("ada", "member", "token")
    assert {one.code for one in ada("languages")} == {"en", "tr"}
    assert (ada("statistics", of="mine").of, ada("statistics", days="all").of) == ("mine", "public")
    assert {one.code for one in ada("strategies")} >= {"beam", "nucleus", "greedy"}
    assert "en" in ada.listed("models")[0].languages


def test_a_title_is_changed_and_a_photo_deleted(ada):
    image = ada("caption", new_photo(), wait=0).image.id
    assert ada("update_image", image, title="Dog", visibility="private").visibility == "private"
    ada("delete_image", image)
    with pytest.raises(NotFound):
        ada("image", image)


def test_a_heat_map_is_made(ada):
    caption = ada("caption", new_photo()).captions[0]
    heatmap = ada("heatmap", caption.id)
    assert "".join(word.text for word in heatmap.words[:1]) in caption.text
    assert heatmap.words[0].grid


def signed_in(site: Site, name: str) -> dict[str, str]:
    """Sign in with a password, as an app does."""
    body = {"username": name, "password": PASSWORD}
    answer = requests.post(f"{site.url}/api/auth/app/v1/auth/login", json=body, timeout=30)
    return answer.json()["meta"]


def test_a_jwt_is_renewed_with_its_refresh_token(kind, site, people):
    pair, kept = signed_in(site, "ada"), []
    auth = JWTAuth("", pair["refresh_token"], on_renewed=lambda *pair: kept.append(pair))
    face = Face(kind, site.url, auth=auth)
    assert face("me").signed_in_by == "jwt"
    assert face("me").name == "ada"
    assert len(kept) == 1
    face.close()
    assert kept[0][1] != pair["refresh_token"]
    replayed = Face(kind, site.url, auth=JWTAuth("", pair["refresh_token"]))
    with pytest.raises(SignInRequired):
        replayed("me")
    replayed.close()


def test_a_program_speaks_for_its_owner_within_its_scopes(kind, site, people):
    auth = ClientCredentials(people["program"], "program secret", ["captions:read"])
    face = Face(kind, site.url, auth=auth)
    me = face("me")
    assert (me.name, me.signed_in_by, me.scopes) == ("ada", "oauth", ("captions:read",))
    with pytest.raises(InsufficientScope):
        face("albums.create", "Dogs")
    face.close()
    wrong = Face(kind, site.url, auth=ClientCredentials(people["program"], "wrong"))
    with pytest.raises(SignInRequired):
        wrong("me")
    wrong.close()


def test_a_made_up_token_opens_nothing(kind, site):
    face = Face(kind, site.url, auth="cap_nothing")
    with pytest.raises(SignInRequired) as caught:
        face("me")
    assert caught.value.code == "invalid_token"
    with pytest.raises(SignInRequired):
        face.listed("image_feed", most=1)
    face.close()


def test_a_job_is_followed_to_its_end(ada):
    result = ada("caption", new_photo(), wait=0)
    followed = ada.listed("job_progress", result.jobs[0].id)
    assert followed[-1].state == "done"
    assert {one.id for one in followed} == {result.jobs[0].id}
    now = ada.listed("caption_updates", result.image.id, most=1)[0]
    assert (now.kind, now.image.id, now.image.state) == ("current", result.image.id, "done")
    shown = {one.id: one for one in ada.listed("captions", result.image.id)}
    first = now.image.captions[0]
    assert (first.image, first.model) == (result.image.id, shown[first.id].model)
    assert first == shown[first.id]


def test_the_feed_tells_of_photos_that_come(ada, bo):
    def send() -> None:
        while not heard.wait(0.5):
            bo.caption(new_photo(), wait=0)

    heard = threading.Event()
    sender = threading.Thread(target=send)
    sender.start()
    try:
        event = ada.listed("image_feed", most=1)[0]
    finally:
        heard.set()
        sender.join()
    assert event.kind in ("created", "updated")
    assert (event.image.id, event.image.owner.name) == (event.id, "bo")


def test_out_of_reach_the_captions_of_before_come(ada, site):
    photo = new_photo()
    fresh = ada("caption", photo)
    ada.client.site = ada.client.site.within(3)
    site.kill("web")
    kept = ada("caption", photo)
    assert kept.captions == fresh.captions
    ada.client.site = ada.client.site.within(60)
    site.wait(lambda: site.ready()["worker"] == "ready", 60, "the web process")
    assert ada("image", fresh.image.id).id == fresh.image.id
