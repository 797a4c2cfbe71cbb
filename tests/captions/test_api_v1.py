"""A program sends a photo and reads its captions."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from captions.models import Caption
from gallery.models import CaptionJob, Image
from gallery.models.job import State
from tests.badfiles import BAD_FILES
from tests.factories import CaptionFactory, ImageFactory, JobFactory, UserFactory

pytestmark = pytest.mark.django_db


def post(client, data: bytes, **fields):
    file = SimpleUploadedFile("photo.jpg", data, content_type="image/jpeg")
    return client.post("/api/v1/captions", {"image": file, **fields})


def test_a_new_photo_is_202_with_its_job(client, photo):
    answer = post(client, photo)

    body = answer.json()
    image = Image.objects.get()
    assert answer.status_code == 202
    assert body["image"]["id"] == str(image.pk)
    assert body["job"] == {
        "id": str(CaptionJob.objects.get().pk),
        "state": "queued",
        "strategy": "beam",
        "language": "en",
        "num": 3,
        "error": None,
        "created_at": body["job"]["created_at"],
    }
    assert "captions" not in body


def test_a_known_photo_is_200_with_its_captions(client, photo):
    image_id = post(client, photo).json()["image"]["id"]
    CaptionJob.objects.update(state=State.DONE, finished_at="2026-01-01T00:00Z")
    CaptionFactory(image_id=image_id, job=CaptionJob.objects.get(), text="a dog runs", rank=0)

    answer = post(client, photo)

    assert answer.status_code == 200
    [caption] = answer.json()["captions"]
    assert caption["text"] == "a dog runs"


def test_no_more_captions_come_than_were_asked_for(client, photo):
    image_id = post(client, photo).json()["image"]["id"]
    CaptionJob.objects.update(state=State.DONE, finished_at="2026-01-01T00:00Z")
    for rank in range(3):
        CaptionFactory(image_id=image_id, job=CaptionJob.objects.get(), rank=rank)

    body = post(client, photo, num=1).json()
    assert [caption["rank"] for caption in body["captions"]] == [0]


def test_captions_of_an_image(client):
    image = ImageFactory()
    CaptionFactory(image=image, confidence=0.3, rank=1)
    CaptionFactory(image=image, confidence=0.9, rank=0, text="two dogs play in the snow")

    body = client.get(f"/api/v1/images/{image.pk}/captions").json()

    assert [caption["confidence"] for caption in body["results"]] == [0.9, 0.3]
    best = body["results"][0]
    assert best["text"] == "two dogs play in the snow"
    assert best["level"] == "high"
    assert best["strategy"] == "beam"
    assert best["language"] == "en"
    assert best["origin"] == "model"
    assert best["model"] == "tiny 0123456789ab"


def test_the_reason_of_a_failure_is_told(client):
    job = JobFactory(failed=True)
    body = client.get(f"/api/v1/images/{job.image_id}/captions").json()
    assert body["results"] == []
    assert body["job"]["error"] == {
        "code": "photo_unreadable",
        "message": "This photo cannot be read.",
    }


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_bad_photos_are_problem_details(client, bad):
    answer = post(client, bad.data)

    body = answer.json()
    assert answer["Content-Type"].startswith("application/problem+json")
    assert answer.status_code == body["status"]
    assert 400 <= answer.status_code < 500
    assert body["title"] == "Invalid image format."
    assert (body["code"], body["field"]) == (bad.code, "image")
    assert body["detail"].endswith(".")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"strategy": "magic"}, "strategy"),
        ({"language": "de"}, "language"),
        ({"num": 0}, "num"),
        ({"num": 11}, "num"),
        ({"num": "many"}, "num"),
    ],
)
def test_bad_fields_are_named(client, photo, fields, field):
    answer = post(client, photo, **fields)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert not Image.objects.exists()


def test_a_missing_photo_is_named(client):
    body = client.post("/api/v1/captions", {}).json()
    assert (body["status"], body["field"]) == (400, "image")
    assert body["message"] == "Send a photo as the multipart field 'image'."


def test_nothing_here(client):
    answer = client.get("/api/v1/images/00000000-0000-4000-8000-000000000000/captions")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_addresses_that_lead_nowhere_are_problem_details_too(client):
    for address in ("/api/v1/nothing", "/api/v1/images/xyz/captions"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", "{bad"), ("multipart/form-data", "x")],
)
def test_a_body_that_cannot_be_read(client, kind, body):
    answer = client.post("/api/v1/captions", body, content_type=kind)
    assert answer.status_code == 400
    assert answer.json()["code"] == "parse_error"
    assert answer.json()["message"].startswith("The body of this request could not be read.")


def test_private_photos_are_not_found_by_others(client):
    owner = UserFactory()
    image = ImageFactory(owner=owner, visibility="private")
    address = f"/api/v1/images/{image.pk}/captions"
    assert client.get(address).status_code == 404
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    client.force_login(owner)
    assert client.get(address).status_code == 200


def test_visitors_where_uploads_need_an_account(client, photo, settings):
    settings.CAPSITE_ANONYMOUS_UPLOADS = False
    answer = post(client, photo)
    assert answer.status_code == 403
    assert answer.json()["code"] == "sign_in_required"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://elsewhere.test"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://testserver", "sec-fetch-site": "same-origin"}, 202),
        ({}, 202),
    ],
    ids=str,
)
def test_other_websites_may_not_send_photos(client, photo, headers, status):
    file = SimpleUploadedFile("photo.jpg", photo)
    answer = client.post("/api/v1/captions", {"image": file}, headers=headers)
    assert answer.status_code == status


def test_a_lost_database_is_503_with_retry_after(client, photo, monkeypatch):
    def away(**kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("captions.api.v1.views.image_upload", away)
    answer = post(client, photo)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert answer.json()["code"] == "database_away"


@pytest.mark.parametrize("count", [1, 30])
def test_captions_take_three_queries_whatever_their_number(
    client, count, django_assert_num_queries
):
    image = ImageFactory()
    CaptionFactory.create_batch(count, image=image)
    with django_assert_num_queries(3):  # the photo, its captions with model, its latest job
        body = client.get(f"/api/v1/images/{image.pk}/captions").json()
    assert len(body["results"]) == count
    assert Caption.objects.count() == count
