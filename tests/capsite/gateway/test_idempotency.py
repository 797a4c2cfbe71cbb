"""The same key and request are done once and answered the same; everything else is refused."""

import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from capsite.common.errors import CapsiteError
from capsite.gateway.idempotency import IdempotentMixin
from capsite.gateway.keys import keys_purge
from capsite.gateway.models import IdempotencyKey
from capsite.gateway.tasks import purge_keys
from tests.factories import UserFactory

factory = APIRequestFactory()
pytestmark = pytest.mark.django_db


class Counting(IdempotentMixin, APIView):
    """Answers with a number that no other request got; ``fail`` says how it goes wrong."""

    done: list[str] = []
    hold: threading.Event | None = None

    def post(self, request):
        self.done.append(request.headers.get("Idempotency-Key", ""))
        if self.hold is not None:
            self.hold.wait(10)
        match request.data.get("fail"):
            case "refused":
                raise CapsiteError("photo_damaged", "This photo is damaged.", field="image")
            case "conflict":
                raise CapsiteError("edit_conflict", "Somebody was quicker.", status=409)
            case "away":
                raise CapsiteError("storage_away", "Storage is away.", status=503)
            case "secret":
                return Response({"token": "cap_once"}, headers={"Cache-Control": "no-store"})
            case "bug":
                raise RuntimeError("a bug")
        return Response(
            {"number": str(uuid.uuid4())}, status=202, headers={"Location": "/api/v2/jobs/1"}
        )

    get = post


@pytest.fixture(autouse=True)
def done():
    Counting.done = []
    Counting.hold = None
    return Counting.done


def send(key="k-1", data=None, *, person=None, form=False, **extra):
    headers = {"Idempotency-Key": key} if key is not None else {}
    request = factory.post(
        "/api/v2/captions",
        data if data is not None else {"url": "https://example.org/a.jpg"},
        format="multipart" if form else "json",
        headers=headers | extra.pop("headers", {}),
        **extra,
    )
    force_authenticate(request, user=person or AnonymousUser())
    answer = Counting.as_view()(request)
    return answer.render() if isinstance(answer, Response) else answer


def photo(data=b"bytes of a photo", name="a.jpg"):
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def test_the_same_request_again_gets_the_kept_answer(done):
    first, second = send(), send()
    assert len(done) == 1
    assert (second.status_code, second.content) == (202, first.content)
    assert second["Idempotent-Replayed"] == "true"
    assert second["Location"] == first["Location"] == "/api/v2/jobs/1"
    assert second["Content-Type"] == first["Content-Type"]
    assert "Idempotent-Replayed" not in first


def test_without_a_key_everything_runs(done):
    send(None), send(None)
    assert len(done) == 2
    assert not IdempotencyKey.objects.exists()


def test_a_form_is_the_same_whatever_its_boundary(done):
    first = send(data={"image": photo(), "num": "2"}, form=True)
    again = send(data={"num": "2", "image": photo()}, form=True)
    assert again.content == first.content
    assert len(done) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"data": {"image": photo(b"other bytes"), "num": "2"}, "form": True},
        {"data": {"image": photo(name="b.jpg"), "num": "2"}, "form": True},
        {"data": {"image": photo(), "num": "3"}, "form": True},
        {
            "data": {"image": photo(), "num": "2"},
            "form": True,
            "headers": {"Accept-Language": "tr"},
        },
        {"data": {"num": "2"}},
    ],
)
def test_another_request_with_the_key_is_refused(other, done):
    send(data={"image": photo(), "num": "2"}, form=True)
    answer = send(**other)
    assert answer.status_code == 422
    assert json.loads(answer.content)["code"] == "idempotency_key_reused"
    assert len(done) == 1


def test_json_is_the_same_in_any_order(done):
    send(data={"a": 1, "b": [1, 2]})
    assert send(data={"b": [1, 2], "a": 1})["Idempotent-Replayed"] == "true"


def test_keys_belong_to_whoever_sent_them(done):
    one, other = UserFactory(), UserFactory()
    answers = {
        send(person=one).content,
        send(person=other).content,
        send().content,
        send(REMOTE_ADDR="203.0.113.9").content,
    }
    assert len(answers) == len(done) == 4


def test_what_is_refused_for_good_is_kept(done):
    first, second = send(data={"fail": "refused"}), send(data={"fail": "refused"})
    assert first.status_code == second.status_code == 400
    assert second["Content-Type"] == "application/problem+json"
    assert json.loads(second.content)["code"] == "photo_damaged"
    assert len(done) == 1


@pytest.mark.parametrize("fail", ["conflict", "away", "secret"])
def test_a_passing_refusal_or_a_secret_frees_the_key(fail, done):
    send(data={"fail": fail}), send(data={"fail": fail})
    assert len(done) == 2
    assert not IdempotencyKey.objects.exists()


def test_a_bug_frees_the_key(done):
    for _ in range(2):
        with pytest.raises(RuntimeError):
            send(data={"fail": "bug"})
    assert len(done) == 2
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "schlüssel", "tab\there"])
def test_a_bad_key_is_refused(key, done):
    answer = send(key)
    assert answer.status_code == 400
    body = json.loads(answer.content)
    assert (body["code"], body["field"]) == ("idempotency_key_invalid", "Idempotency-Key")
    assert done == []


def test_a_broken_body_takes_no_key():
    request = factory.post(
        "/x", b"{", content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert Counting.as_view()(request).status_code == 400
    assert not IdempotencyKey.objects.exists()


def test_only_post_looks_at_the_key(done):
    request = factory.get("/x", headers={"Idempotency-Key": "k"})
    Counting.as_view()(request)
    assert len(done) == 1
    assert not IdempotencyKey.objects.exists()


def test_a_request_that_was_cut_off_is_run_again_after_its_lease(done, settings):
    send()
    row = IdempotencyKey.objects.get()
    IdempotencyKey.objects.update(status=None)
    busy = send()
    assert (busy.status_code, busy["Retry-After"]) == (409, "1")

    lease = timedelta(seconds=settings.CAPSITE_IDEMPOTENCY_LEASE_SECONDS + 1)
    IdempotencyKey.objects.update(claimed_at=timezone.now() - lease)
    assert send().status_code == 202
    assert len(done) == 2
    assert IdempotencyKey.objects.get().claim != row.claim


def test_after_a_day_a_key_is_new(done):
    send()
    IdempotencyKey.objects.update(claimed_at=timezone.now() - timedelta(hours=25))
    assert send(data={"another": "request"}).status_code == 202
    assert len(done) == 2


def test_old_keys_are_purged():
    send("old")
    IdempotencyKey.objects.update(claimed_at=timezone.now() - timedelta(hours=25))
    send("new")
    assert keys_purge() == 1
    assert purge_keys() == 0
    assert IdempotencyKey.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_runs(done):
    barrier, answers = threading.Barrier(8), []
    Counting.hold = threading.Event()

    def ask() -> None:
        barrier.wait()
        try:
            answers.append(send())
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(answers) < 7 and any(thread.is_alive() for thread in threads):
        threading.Event().wait(0.01)
    Counting.hold.set()
    for thread in threads:
        thread.join()

    assert len(done) == 1
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 7]
    busy = next(answer for answer in answers if answer.status_code == 409)
    assert json.loads(busy.content)["code"] == "idempotency_key_in_use"
    assert busy["Retry-After"] == "1"
    assert send()["Idempotent-Replayed"] == "true"
