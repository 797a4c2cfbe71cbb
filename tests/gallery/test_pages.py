"""The pages people look at: right, calm about bad addresses, and flat in queries."""

import uuid

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capsite.common.errors import CapsiteError
from gallery.models import CaptionJob, Image
from gallery.selectors import cursor_decode, cursor_encode
from tests.factories import CaptionFactory, ImageFactory, JobFactory, UserFactory

pytestmark = pytest.mark.django_db
GALLERY_QUERIES = 6  # photos, their jobs, captions, models, texts; the jobs that wait
PHOTO_QUERIES = 7  # the photo, its jobs, captions, models, the newer and the older photo


def captioned(count: int) -> None:
    for job in JobFactory.create_batch(count, done=True):
        CaptionFactory.create_batch(3, image=job.image)


@pytest.mark.parametrize("count", [1, 29, 60])
def test_the_gallery_takes_the_same_queries_for_any_number_of_photos(
    client, count, django_assert_num_queries
):
    captioned(count)
    with django_assert_num_queries(GALLERY_QUERIES):
        page = client.get("/")
    assert page.status_code == 200


@pytest.mark.parametrize("count", [1, 40])
def test_the_photo_page_takes_the_same_queries(client, count, django_assert_num_queries):
    captioned(count)
    image = Image.objects.order_by("created_at").first()
    with django_assert_num_queries(PHOTO_QUERIES):
        page = client.get(f"/photos/{image.pk}/")
    assert page.status_code == 200


def test_the_cursor_walks_through_every_photo_once(client):
    captioned(70)
    seen: list[str] = []
    answer = client.get("/")
    while True:
        seen += [str(card.image.pk) for card in answer.context["cards"]]
        cursor = answer.context["next_cursor"]
        if not cursor:
            break
        answer = client.get("/", {"cursor": cursor}, headers={"hx-request": "true"})
        assert "<html" not in answer.content.decode()
    assert len(seen) == len(set(seen)) == 70
    assert seen == [str(pk) for pk in Image.objects.values_list("pk", flat=True)]


def test_a_photo_added_meanwhile_shifts_no_page(client):
    captioned(40)
    first = client.get("/")
    ImageFactory()
    second = client.get("/", {"cursor": first.context["next_cursor"]})
    ids = [card.image.pk for page in (first, second) for card in page.context["cards"]]
    assert len(ids) == len(set(ids)) == 40


@pytest.mark.parametrize("cursor", ["x", "bm90IGEgY3Vyc29y", "%00", "ä", "e30"])
def test_a_bad_cursor_is_one_clear_error(client, cursor):
    page = client.get("/", {"cursor": cursor})
    assert page.status_code == 400
    assert "Start from the first page" in page.content.decode()


@given(st.text(max_size=80))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_cursor_parser(text):
    with pytest.raises(CapsiteError, match="not a page"):
        cursor_decode(text)


def test_cursors_survive_the_round_trip():
    image = ImageFactory()
    assert cursor_decode(cursor_encode(image)) == (image.created_at, image.pk)


def test_states_are_visible(client):
    JobFactory()
    JobFactory(failed=True)
    CaptionFactory(image=JobFactory(done=True).image, text="a child slides")
    text = client.get("/").content.decode()
    assert "a child slides" in text
    assert "This photo cannot be read." in text


def test_captions_and_names_are_text_everywhere(client):
    image = ImageFactory(title="<script>alert('t')</script>")
    CaptionFactory(image=image, text="<img src=x onerror=alert(1)>")
    for address in ("/", f"/photos/{image.pk}/", f"/photos/{image.pk}/captions/"):
        text = client.get(address).content.decode()
        assert "<script>alert(" not in text
        assert "<img src=x" not in text


def test_cards_by_id(client):
    captioned(3)
    hidden = ImageFactory(visibility="private")
    ids = [*Image.objects.values_list("pk", flat=True)]
    page = client.get("/photos/cards/", {"ids": ",".join(map(str, ids))})
    assert {card.image.pk for card in page.context["cards"]} == set(ids) - {hidden.pk}
    assert client.get("/photos/cards/", {"ids": "x"}).status_code == 400
    many = ",".join(str(uuid.uuid4()) for _ in range(101))
    assert client.get("/photos/cards/", {"ids": many}).status_code == 400


def test_private_photos_are_their_owners(client):
    owner = UserFactory()
    image = ImageFactory(owner=owner, visibility="private")
    addresses = [
        f"/photos/{image.pk}/",
        f"/photos/{image.pk}/captions/",
        f"/i/{image.pk}/w320.webp",
    ]
    for address in addresses:
        assert client.get(address).status_code == 404
    client.force_login(owner)
    assert client.get(addresses[0]).status_code == 200


def test_retry_queues_a_failed_photo(client):
    job = JobFactory(failed=True)
    answer = client.post(f"/photos/{job.image_id}/retry/", headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert CaptionJob.objects.filter(image=job.image, state="queued").count() == 1


def test_retry_needs_a_token_and_the_right_to_upload(settings):
    job = JobFactory(failed=True)
    strict = Client(enforce_csrf_checks=True)
    page = strict.post(f"/photos/{job.image_id}/retry/")
    assert page.status_code == 403
    assert "open too long" in page.content.decode()
    settings.CAPSITE_ANONYMOUS_UPLOADS = False
    assert Client().post(f"/photos/{job.image_id}/retry/").status_code == 403


def test_derivatives_are_served_without_metadata_and_kept(client, photo):
    from tests.gallery.test_uploads import send

    image = send(client, photo).json()["image"]
    answer = client.get(image["thumbnail"])
    assert answer["Content-Type"] == "image/webp"
    assert "immutable" in answer["Cache-Control"]
    assert b"EXIF" not in answer.content
    assert client.get(f"/i/{image['id']}/w9999.webp").status_code == 404
    assert client.get(f"/i/{image['id']}/original.webp").status_code == 404


def test_missing_pages_are_designed(client):
    page = client.get("/photos/00000000-0000-4000-8000-000000000000/")
    assert page.status_code == 404
    assert "<h1" in page.content.decode()
    nowhere = client.get("/nothing/")
    assert nowhere.status_code == 404
    assert "There is nothing at this address." in nowhere.content.decode()
    assert client.get("/", headers={"host": "elsewhere.test"}).status_code == 400


def test_a_fault_of_ours_is_a_page_for_people_and_json_for_programs(monkeypatch):
    client = Client(raise_request_exception=False)

    def explode(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("gallery.views.pages.gallery_page", explode)
    page = client.get("/")
    assert page.status_code == 500
    assert "<h1" in page.content.decode()
    answer = client.get("/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")


def test_pages_answer_head(client):
    assert client.head("/").status_code == 200


def test_a_lost_database_is_a_calm_503(client, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("the server has gone")

    monkeypatch.setattr("gallery.views.pages.gallery_page", away)
    page = client.get("/")
    assert page.status_code == 503
    assert page["Retry-After"] == "2"
    assert "database" in page.content.decode()


def test_a_lost_database_is_a_calm_503_for_the_signed_in_too(client, monkeypatch):
    client.force_login(UserFactory())

    def away(*args, **kwargs):
        raise OperationalError("the server has gone")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    page = client.get("/")
    assert page.status_code == 503
    assert "database" in page.content.decode()


def test_equal_sentences_of_two_jobs_are_shown_once(client):
    image = JobFactory(done=True).image
    for confidence in (0.5, 0.8):
        CaptionFactory(image=image, text="a dog runs", confidence=confidence)
    CaptionFactory(image=image, text="a cat sits", confidence=0.6)
    shown = client.get(f"/photos/{image.pk}/").context["captions"]
    assert [(item.text, item.confidence) for item in shown] == [
        ("a dog runs", 0.8),
        ("a cat sits", 0.6),
    ]


def test_headers_are_strict(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert client.get("/")["X-Content-Type-Options"] == "nosniff"


def test_probes(client):
    assert client.get("/health/live/").json() == {"status": "ok"}
    ready = client.get("/health/ready/").json()
    assert ready.pop("inference") is None
    assert ready == {"status": "degraded", "database": True, "worker": "away"}
    assert client.get("/version/").json()["name"] == "capsite"
