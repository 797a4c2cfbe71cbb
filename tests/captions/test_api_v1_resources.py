"""What version 1 tells of photos, jobs, votes, albums, webhooks and oneself."""

import base64
import threading
import time
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from captions.models import Vote
from gallery.models import Album, CaptionJob, Image
from gallery.models.job import State
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    VoteFactory,
)

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def person():
    return UserFactory()


@pytest.fixture
def member(client, person):
    client.force_login(person)
    return client


def page_of(answer) -> list:
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"results", "next", "previous"}
    return body["results"]


def test_a_photo_may_come_as_base64(client, photo):
    body = {"image_base64": base64.b64encode(photo).decode(), "name": "Dog.jpg", "num": 2}
    answer = client.post("/api/v1/captions", body, content_type=JSON)
    assert answer.status_code == 202
    assert answer.json()["job"]["num"] == 2
    image = Image.objects.get()
    assert (image.title, image.size) == ("Dog", len(photo))


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "required", "image"),
        ({"image_base64": "no base64!"}, 400, "invalid", "image_base64"),
        ({"image_base64": "bm8gcGhvdG8="}, 400, "not_a_photo", "image_base64"),
        ({"image_base64": "AA==", "url": "https://example.org/x"}, 400, "invalid", "url"),
        ({"url": "http://127.0.0.1/x.jpg"}, 400, "url_not_allowed", "url"),
        ({"url": "file:///etc/passwd"}, 400, "url_invalid", "url"),
        ({"image_base64": "AA==", "wait": 31}, 400, "max_value", "wait"),
        ([], 400, "invalid", ""),
    ],
    ids=str,
)
def test_json_that_is_no_photo(client, body, status, code, field):
    answer = client.post("/api/v1/captions", body, content_type=JSON)
    told = answer.json()
    assert (answer.status_code, told["code"], told["field"]) == (status, code, field)
    assert not Image.objects.exists()


def test_the_header_names_the_language_of_json_too(client, photo):
    body = {"image_base64": base64.b64encode(photo).decode()}
    headers = {"x-caption-language": "tr"}
    answer = client.post("/api/v1/captions", body, content_type=JSON, headers=headers)
    assert answer.json()["job"]["language"] == "tr"


def test_browsers_languages_do_not_change_what_version_1_always_did(client, photo):
    file = SimpleUploadedFile("photo.jpg", photo)
    headers = {"accept-language": "tr"}
    answer = client.post("/api/v1/captions", {"image": file}, headers=headers)
    assert answer.json()["job"]["language"] == "en"


@pytest.mark.django_db(transaction=True)
def test_waiting_answers_as_soon_as_the_captions_are_there(client, photo):
    def caption() -> None:
        while not (job := CaptionJob.objects.first()):
            time.sleep(0.02)
        CaptionFactory(image=job.image, job=job, text="a dog runs", rank=0)
        CaptionJob.objects.update(state=State.DONE, finished_at=timezone.now())
        connection.close()

    worker = threading.Thread(target=caption)
    worker.start()
    began = time.monotonic()
    file = SimpleUploadedFile("photo.jpg", photo)
    answer = client.post("/api/v1/captions", {"image": file, "wait": "20"})
    worker.join()
    assert answer.status_code == 200
    assert [caption["text"] for caption in answer.json()["captions"]] == ["a dog runs"]
    assert time.monotonic() - began < 10


def test_waiting_ends_in_time(client, photo):
    file = SimpleUploadedFile("photo.jpg", photo)
    answer = client.post("/api/v1/captions", {"image": file, "wait": "0.2"})
    assert answer.status_code == 202


def test_the_same_key_is_answered_again(client, photo):
    headers = {"idempotency-key": "k1"}
    send = {"image_base64": base64.b64encode(photo).decode()}
    answers = [
        client.post("/api/v1/captions", body, content_type=JSON, headers=headers)
        for body in (send, send, send | {"num": 1})
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 422]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    assert answers[2].json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("count", [1, 12])
def test_photos_are_listed_in_the_same_queries_whatever_their_number(
    client, count, django_assert_max_num_queries
):
    for _each in range(count):
        job = JobFactory(done=True, image=ImageFactory(owner=UserFactory()))
        CaptionFactory.create_batch(2, image=job.image, job=None)
    with django_assert_max_num_queries(6):
        images = page_of(client.get("/api/v1/images"))
    assert len(images) == count


def test_a_photo_and_its_best_caption(client):
    owner = UserFactory()
    image = JobFactory(done=True, image=ImageFactory(owner=owner)).image
    best = CaptionFactory(image=image, confidence=0.9)
    CaptionFactory(image=image, confidence=0.2)
    body = client.get(f"/api/v1/images/{image.pk}").json()
    assert body["owner"] == {"id": owner.pk, "name": owner.username}
    assert body["best_caption"]["id"] == str(best.pk)
    assert (body["state"], body["title"]) == ("done", image.title)
    assert body["captions_url"] == f"/api/v1/images/{image.pk}/captions"


def test_ones_own_photos(client, member, person):
    mine = ImageFactory(owner=person, visibility="private")
    public = ImageFactory(owner=UserFactory())
    ImageFactory(owner=UserFactory(), visibility="private")
    listed = {image["id"] for image in page_of(member.get("/api/v1/images"))}
    assert listed == {str(mine.pk), str(public.pk)}
    own = page_of(member.get("/api/v1/images?owner=me"))
    assert [image["id"] for image in own] == [str(mine.pk)]
    client.logout()
    assert client.get("/api/v1/images?owner=me").status_code == 401


def test_a_photo_is_changed_and_deleted_by_its_owner(member, person):
    image, other = ImageFactory(owner=person), ImageFactory(owner=UserFactory())
    address = f"/api/v1/images/{image.pk}"
    changes = {"title": "A dog", "visibility": "private"}
    body = member.patch(address, changes, content_type=JSON).json()
    assert (body["title"], body["visibility"]) == ("A dog", "private")
    bad = member.patch(address, {"visibility": "secret"}, content_type=JSON)
    assert (bad.status_code, bad.json()["field"]) == (400, "visibility")
    assert member.patch(f"/api/v1/images/{other.pk}", {}, content_type=JSON).status_code == 403
    assert member.delete(f"/api/v1/images/{other.pk}").status_code == 403
    assert member.delete(address).status_code == 204
    assert member.delete(address).status_code == 404
    assert list(Image.objects.all()) == [other]


def test_a_job_is_read_and_tried_again(client):
    failed, done = JobFactory(failed=True), JobFactory(done=True)
    body = client.get(f"/api/v1/jobs/{failed.pk}").json()
    assert body["image"] == str(failed.image_id)
    assert body["error"]["code"] == "photo_unreadable"
    again = client.post(f"/api/v1/jobs/{failed.pk}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    assert again.json()["id"] != str(failed.pk)
    same = client.post(f"/api/v1/jobs/{done.pk}/retry")
    assert (same.status_code, same.json()["id"]) == (200, str(done.pk))
    assert client.get(f"/api/v1/jobs/{uuid.uuid4()}").status_code == 404
    assert client.get(f"/api/v1/jobs/{again.json()['id']}?wait=0.1").json()["state"] == "queued"
    assert client.get(f"/api/v1/jobs/{failed.pk}?wait=nan").status_code == 400


def test_votes(client, member):
    caption = CaptionFactory()
    address = f"/api/v1/captions/{caption.pk}/vote"
    VoteFactory(caption=caption, value=1)
    for value, counts in ((1, (2, 0)), (-1, (1, 1)), (-1, (1, 1))):
        body = member.put(address, {"value": value}, content_type=JSON).json()
        assert (body["up"], body["down"]) == counts
        assert (body["caption"], body["mine"]) == (str(caption.pk), value)
    assert member.put(address, {"value": 3}, content_type=JSON).json()["field"] == "value"
    assert member.delete(address).status_code == member.delete(address).status_code == 204
    assert Vote.objects.count() == 1
    client.logout()
    answer = client.put(address, {"value": 1}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


def test_albums(client, member):
    made = member.post("/api/v1/albums", {"title": "A day out"}, content_type=JSON)
    assert made.status_code == 201
    address = f"/api/v1/albums/{made.json()['id']}"
    images = [str(image.pk) for image in ImageFactory.create_batch(2)]
    put = member.post(f"{address}/images", {"images": images[::-1]}, content_type=JSON)
    assert put.json()["image_count"] == 2
    assert [i["id"] for i in page_of(member.get(f"{address}/images"))] == images[::-1]
    left = member.delete(f"{address}/images", {"images": images[:1]}, content_type=JSON)
    assert left.json()["image_count"] == 1
    client.logout()
    assert client.get(address).status_code == 404
    assert page_of(client.get("/api/v1/albums")) == []
    AlbumFactory(title="Seen")
    assert [album["title"] for album in page_of(client.get("/api/v1/albums"))] == ["Seen"]
    assert Album.objects.count() == 2


def test_webhooks(client, member):
    sent = {"url": "https://example.org/hook", "events": ["caption.ready"]}
    made = member.post("/api/v1/webhooks", sent, content_type=JSON)
    assert made.status_code == 201
    assert made.json()["secret"]
    [listed] = page_of(member.get("/api/v1/webhooks"))
    assert listed["id"] == made.json()["id"]
    assert "secret" not in listed
    address = f"/api/v1/webhooks/{listed['id']}"
    assert member.post(f"{address}/ping").status_code == 202
    assert len(page_of(member.get(f"{address}/deliveries"))) == 1
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 401


def test_oneself_and_languages(client, member, person):
    body = member.get("/api/v1/me").json()
    assert (body["id"], body["name"], body["role"]) == (person.pk, person.username, "member")
    client.logout()
    assert client.get("/api/v1/me").status_code == 401
    assert [each["code"] for each in page_of(client.get("/api/v1/languages"))] == ["en", "tr"]


def test_published_texts_and_search(member, person):
    image = CaptionFactory(text="an elephant drinks").image
    address = f"/api/v1/images/{image.pk}/annotations"
    edit = {"text": "An elephant.", "base_version": 0}
    assert member.put(f"{address}/en", edit, content_type=JSON).json()["version"] == 1
    conflict = member.put(f"{address}/en", edit | {"text": "x"}, content_type=JSON)
    assert (conflict.status_code, conflict.json()["text"]) == (409, "An elephant.")
    [text] = page_of(member.get(address))
    assert text["author"] == person.username
    [found] = page_of(member.get("/api/v1/search?q=elephant"))
    assert (found["id"], found["matched_text"]) == (str(image.pk), "An elephant.")
    hidden = AnnotationFactory(image=ImageFactory(owner=UserFactory(), visibility="private"))
    assert member.get(f"/api/v1/annotations/{hidden.pk}").status_code == 404
