"""A program sends photos to version 2: as files, base64 or URLs, one or many."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from captions.models import Caption
from gallery.models import CaptionJob, Image
from gallery.models.job import State
from tests.badfiles import BAD_FILES
from tests.factories import CaptionFactory, ImageFactory, JobFactory, UserFactory, photo_bytes

pytestmark = pytest.mark.django_db

CAPTIONS = "/api/v2/captions"


def file_of(data: bytes, name: str = "two dogs.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def post_json(client, address: str, body, **headers):
    raw = json.dumps(body)
    return client.post(address, raw, content_type="application/json", headers=headers)


@pytest.fixture
def photo_server(settings, photo):
    """A web server of our own, which this test may fetch from."""

    class Photos(BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path.endswith(".jpg")
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(photo) if found else 0))
            self.end_headers()
            self.wfile.write(photo if found else b"")

        def log_message(self, *_args):
            pass

    settings.CAPSITE_OUTBOUND_ALLOW = ["127.0.0.0/8"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Photos)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_becomes_a_photo_and_a_job_for_each_strategy(client, photo):
    answer = client.post(
        CAPTIONS, {"image": file_of(photo), "strategies": ["beam", "nucleus"], "num": 5}
    )

    body = answer.json()
    assert answer.status_code == 202, body
    assert body["image"]["title"] == "two dogs"
    assert body["image"]["state"] == "queued"
    assert [job["strategy"] for job in body["jobs"]] == ["beam", "nucleus"]
    assert {job["num"] for job in body["jobs"]} == {5}
    assert body["captions"] == []


def test_base64_and_url_are_the_same_photo(client, photo, photo_server):
    encoded = base64.b64encode(photo).decode()
    first = post_json(client, CAPTIONS, {"image_base64": encoded, "name": "dogs.jpg"})
    uri = post_json(client, CAPTIONS, {"image_base64": f"data:image/jpeg;base64,{encoded}"})
    url = post_json(client, CAPTIONS, {"url": f"{photo_server}/a%20dog.jpg"})

    assert [answer.status_code for answer in (first, uri, url)] == [202] * 3
    assert first.json()["image"]["title"] == "dogs"
    assert len({answer.json()["image"]["id"] for answer in (first, uri, url)}) == 1
    assert CaptionJob.objects.count() == 1


def test_done_jobs_are_200_with_the_candidates_asked_for(client, photo):
    client.post(CAPTIONS, {"image": file_of(photo)})
    job = CaptionJob.objects.get()
    CaptionJob.objects.update(state=State.DONE, finished_at=timezone.now())
    for rank in range(3):
        CaptionFactory(image=job.image, job=job, rank=rank, confidence=0.9 - rank / 10)

    answer = client.post(CAPTIONS, {"image": file_of(photo), "num": 2})

    assert answer.status_code == 200
    assert [caption["rank"] for caption in answer.json()["captions"]] == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_wait_answers_when_the_job_ends(client, photo):
    def finish():
        from django.db import connection

        while not CaptionJob.objects.exists():
            pass
        job = CaptionJob.objects.get()
        CaptionFactory(image=job.image, job=job, text="two dogs play")
        CaptionJob.objects.update(state=State.DONE, finished_at=timezone.now())
        connection.close()

    worker = threading.Thread(target=finish)
    worker.start()
    answer = client.post(CAPTIONS, {"image": file_of(photo), "wait": 20})
    worker.join()

    assert answer.status_code == 200
    assert [caption["text"] for caption in answer.json()["captions"]] == ["two dogs play"]


def test_wait_gives_up_in_time(client, photo):
    answer = client.post(CAPTIONS, {"image": file_of(photo), "wait": 0.2})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("headers", "given", "language"),
    [
        ({}, {}, "en"),
        ({"x-caption-language": "tr"}, {}, "tr"),
        ({"accept-language": "tr-TR,tr;q=0.9,en;q=0.8"}, {}, "tr"),
        ({"accept-language": "fr"}, {}, "en"),
        ({"accept-language": "en", "x-caption-language": "tr"}, {}, "tr"),
        ({"x-caption-language": "tr"}, {"language": "en"}, "en"),
    ],
    ids=str,
)
def test_the_language_of_captions(client, photo, headers, given, language):
    answer = client.post(CAPTIONS, {"image": file_of(photo)} | given, headers=headers)
    assert answer.json()["jobs"][0]["language"] == language


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_bad_photos_are_problem_details(client, bad):
    encoded = base64.b64encode(bad.data).decode()
    answers = [(client.post(CAPTIONS, {"image": file_of(bad.data)}), "image")]
    if bad.code != "file_too_large":  # which in base64 is a request that is too large
        sent = post_json(client, CAPTIONS, {"image_base64": encoded or " "})
        answers.append((sent, "image_base64"))
    for answer, field in answers:
        body = answer.json()
        assert answer["Content-Type"] == "application/problem+json"
        assert 400 <= answer.status_code < 500
        assert (body["title"], body["code"]) == ("Invalid image format.", bad.code), body
        assert body["field"] == field
    assert not Image.objects.exists()


BAD_BODIES = [
    ({}, "image_base64", "required"),
    ([], "", "invalid"),
    ("text", "", "invalid"),
    (None, "", "invalid"),
    ({"image_base64": "no base64!"}, "image_base64", "invalid"),
    ({"image_base64": "AAAA", "url": "http://example.org/"}, "url", "invalid"),
    ({"image_base64": None}, "image_base64", "null"),
    ({"image_base64": ["AAAA"]}, "image_base64", "invalid"),
    ({"image_base64": "AA\0AA"}, "image_base64", "null_characters_not_allowed"),
    ({"image_base64": "AAAA", "name": "a\0b"}, "name", "null_characters_not_allowed"),
    ({"image_base64": "AAAA", "num": 10**30}, "num", "max_value"),
    ({"image_base64": "AAAA", "num": None}, "num", "null"),
    ({"image_base64": "AAAA", "num": [1]}, "num", "invalid"),
    ({"image_base64": "AAAA", "wait": 31}, "wait", "max_value"),
    ({"image_base64": "AAAA", "wait": "nan"}, "wait", "invalid"),
    ({"image_base64": "AAAA", "strategies": ["magic"]}, "strategies.0", "invalid_choice"),
    ({"image_base64": "AAAA", "strategies": []}, "strategies", "min_length"),
    ({"image_base64": "AAAA", "strategies": [None]}, "strategies.0", "null"),
    ({"image_base64": "AAAA", "strategies": {"a": 1}}, "strategies", "not_a_list"),
    ({"image_base64": "AAAA", "language": "de"}, "language", "invalid_choice"),
    ({"image_base64": "AAAA", "visibility": "secret"}, "visibility", "invalid_choice"),
    ({"url": "ftp://example.org/a.jpg"}, "url", "url_invalid"),
    ({"url": "http://127.0.0.1/a.jpg"}, "url", "url_not_allowed"),
]


@pytest.mark.parametrize(("body", "field", "code"), BAD_BODIES, ids=str)
def test_a_bad_body_names_its_field(client, body, field, code):
    answer = post_json(client, CAPTIONS, body)
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["field"], answer.json()["code"]) == (field, code)
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[" * 200_000,
        b'{"url": "\\ud800"}',
        b'{"num": NaN}',
        b"\xff",
        b'{"n": 1' + b"0" * 5000 + b"}",
    ],
    ids=["cut", "deep", "half a letter", "nan", "not utf-8", "long number"],
)
def test_a_body_that_is_no_json(client, raw):
    answer = client.post(CAPTIONS, raw, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_body_that_is_far_too_large(client):
    answer = post_json(client, CAPTIONS, {"image_base64": "A" * 8_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


def test_other_kinds_of_bodies(client):
    answer = client.post(CAPTIONS, b"x", content_type="text/plain")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_other_websites_may_not_send_photos(client, photo):
    answer = client.post(
        CAPTIONS, {"image": file_of(photo)}, headers={"origin": "https://elsewhere.test"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_visitors_where_uploads_need_an_account(client, photo, settings):
    settings.CAPSITE_ANONYMOUS_UPLOADS = False
    answer = client.post(CAPTIONS, {"image": file_of(photo)})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
    assert "WWW-Authenticate" in answer


def test_a_session_needs_its_csrf_token(photo):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    answer = client.post(CAPTIONS, {"image": file_of(photo)})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_visitors_have_no_private_photos(client, photo):
    answer = client.post(CAPTIONS, {"image": file_of(photo), "visibility": "private"})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


def test_the_same_key_is_answered_again_and_done_once(client, photo):
    headers = {"idempotency-key": "one"}
    first = client.post(CAPTIONS, {"image": file_of(photo)}, headers=headers)
    again = client.post(CAPTIONS, {"image": file_of(photo)}, headers=headers)
    other = client.post(CAPTIONS, {"image": file_of(photo), "num": 2}, headers=headers)

    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_batch_lists_what_was_refused(client, photo):
    files = [file_of(photo, "dog.jpg"), file_of(b"", "empty.jpg"), file_of(photo_bytes(2), "b.jpg")]

    answer = client.post("/api/v2/batches", {"images": files, "num": 1})

    body = answer.json()
    assert answer.status_code == 202, body
    assert (body["state"], body["total"], body["failed"], body["waiting"]) == ("running", 3, 1, 2)
    assert [item["name"] for item in body["items"]] == ["dog.jpg", "empty.jpg", "b.jpg"]
    assert [item["state"] for item in body["items"]] == ["queued", "failed", "queued"]
    assert body["items"][1]["error"]["code"] == "file_empty"
    assert body["items"][1]["image"] is None

    CaptionJob.objects.update(state=State.DONE, finished_at=timezone.now())
    later = client.get(f"/api/v2/batches/{body['id']}").json()
    assert (later["state"], later["done"], later["failed"]) == ("partial", 2, 1)


def test_a_batch_in_json_reads_urls_and_base64(client, photo, photo_server):
    items = [
        {"url": f"{photo_server}/dog.jpg"},
        {"url": f"{photo_server}/nothing"},
        {"url": "http://10.0.0.1/dog.jpg", "name": "inside.jpg"},
        {"image_base64": base64.b64encode(photo_bytes(3)).decode(), "name": "three.jpg"},
    ]

    body = post_json(client, "/api/v2/batches", {"items": items}).json()

    assert [item["name"] for item in body["items"]] == [
        "dog.jpg",
        "nothing",
        "inside.jpg",
        "three.jpg",
    ]
    codes = [item["error"] and item["error"]["code"] for item in body["items"]]
    assert codes == [None, "url_unreachable", "url_not_allowed", None]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "items"),
        ({"items": []}, "images"),
        ({"items": [{}]}, "items.0.image_base64"),
        ({"items": [None]}, "items.0"),
        ({"items": [{"url": "http://example.org/"}, {"url": 7, "name": [1]}]}, "items.1.name"),
        ({"items": {"url": "x"}}, "items"),
    ],
    ids=str,
)
def test_a_bad_batch_names_its_field(client, body, field):
    answer = post_json(client, "/api/v2/batches", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["field"] == field


def test_a_batch_has_a_limit(client, photo, settings):
    settings.CAPSITE_BATCH_MOST_PHOTOS = 1
    answer = client.post("/api/v2/batches", {"images": [file_of(photo), file_of(photo)]})
    assert (answer.status_code, answer.json()["code"]) == (400, "batch_size")


def test_batches_of_members_are_theirs(client, photo):
    client.force_login(UserFactory())
    batch = client.post("/api/v2/batches", {"images": [file_of(photo)]}).json()["id"]
    assert client.get(f"/api/v2/batches/{batch}").status_code == 200
    client.logout()
    assert client.get(f"/api/v2/batches/{batch}").status_code == 404


def test_more_captions_of_a_photo(client):
    image = ImageFactory()
    body = {"strategies": ["nucleus", "greedy", "nucleus"], "language": "tr"}
    answer = post_json(client, f"/api/v2/images/{image.pk}/captions", body)
    assert answer.status_code == 202
    jobs = answer.json()["jobs"]
    assert [(job["strategy"], job["language"]) for job in jobs] == [
        ("nucleus", "tr"),
        ("greedy", "tr"),
    ]


def test_a_failed_job_is_tried_again_as_it_asked(client):
    failed = JobFactory(failed=True, strategy="nucleus", num=7)
    JobFactory(image=failed.image, done=True)

    answer = client.post(f"/api/v2/jobs/{failed.pk}/retry")

    body = answer.json()
    assert answer.status_code == 202
    assert (body["strategy"], body["num"], body["state"]) == ("nucleus", 7, "queued")
    assert body["id"] != str(failed.pk)
    again = client.post(f"/api/v2/jobs/{body['id']}/retry").json()
    assert again["id"] == body["id"]
    assert not Caption.objects.exists()


def test_a_job_is_waited_for_with_a_limit(client):
    job = JobFactory()
    assert client.get(f"/api/v2/jobs/{job.pk}?wait=0.1").json()["state"] == "queued"
    assert client.get(f"/api/v2/jobs/{job.pk}?wait=31").json()["field"] == "wait"
    done = JobFactory(done=True)
    assert client.get(f"/api/v2/jobs/{done.pk}?wait=30").json()["state"] == "done"


def test_nobody_waits_where_too_many_do(client, monkeypatch):
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr("captions.api.shared.waiting.WAITERS", full)
    answer = client.get(f"/api/v2/jobs/{JobFactory().pk}?wait=30")
    assert answer.json()["state"] == "queued"
