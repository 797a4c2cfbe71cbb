"""Calls that go wrong against a real server: what is sent again, what is not, and when to stop."""

import socket
import time

import pytest
from capsite_client import (
    AnswerInvalid,
    Backoff,
    Breakers,
    CircuitOpen,
    ConnectionFailed,
    DeadlineExceeded,
    RateLimited,
    ServerFailed,
    TimedOut,
)

from tests.clients import answers
from tests.clients.talker import Told, problem

CAPTIONS = "/api/v2/captions"
IMAGE = f"/api/v2/images/{answers.IMAGE_ID}"
EVEN = Backoff(attempts=4, base=1, draw=lambda: 0.5)


def test_a_read_is_tried_again_until_it_is_answered(face, talker):
    talker.tell(IMAGE, Told(503), Told(drop=True), Told(502), Told(200, answers.image()))
    client = face(backoff=EVEN)
    assert client("image", answers.IMAGE_ID).title == "Dog"
    assert client.pauses == [0.5, 1, 2]


def test_it_gives_up_with_the_last_error(face, talker):
    talker.tell(IMAGE, problem(503, "database_away"))
    client = face(backoff=EVEN)
    with pytest.raises(ServerFailed) as caught:
        client("image", answers.IMAGE_ID)
    assert (caught.value.code, caught.value.status) == ("database_away", 503)
    assert len(talker.heard) == 4


def test_429_waits_as_long_as_the_site_asks(face, talker):
    limited = problem(429, "rate_limited", headers={"Retry-After": "7"})
    talker.tell(IMAGE, limited, Told(200, answers.image()))
    client = face(backoff=EVEN)
    client("image", answers.IMAGE_ID)
    assert client.pauses == [7.5]


def test_429_beyond_the_deadline_is_raised_at_once(face, talker):
    talker.tell(IMAGE, problem(429, "rate_limited", headers={"Retry-After": "40"}))
    client = face(deadline=20)
    with pytest.raises(RateLimited) as caught:
        client("image", answers.IMAGE_ID)
    assert caught.value.retry_after == 40
    assert client.pauses == []


def test_an_upload_is_repeated_byte_for_byte_with_its_key(face, talker):
    talker.tell(CAPTIONS, Told(500), Told(drop=True), Told(200, answers.captioned()))
    face()("caption", b"\xff\xd8photo", strategies=["beam", "nucleus"], num=2)
    first, *others = talker.heard
    assert len(first.headers["idempotency-key"]) == 32
    assert all((one.body, one.headers) == (first.body, first.headers) for one in others)
    assert len(others) == 2


def test_each_upload_has_a_key_of_its_own(face, talker):
    talker.tell(CAPTIONS, Told(200, answers.captioned()))
    client = face()
    for _ in range(2):
        client("caption", b"photo")
    client("caption", b"photo", key="mine")
    keys = [one.headers["idempotency-key"] for one in talker.heard]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_an_upload_that_is_still_being_answered_is_asked_for_again(face, talker):
    busy = problem(409, "idempotency_key_in_use", headers={"Retry-After": "2"})
    talker.tell(CAPTIONS, busy, Told(200, answers.captioned()))
    client = face(backoff=EVEN)
    client("caption", b"photo")
    assert client.pauses == [2.5]


def test_a_post_without_a_key_is_sent_once(face, talker):
    talker.tell("/api/v2/webhooks/w/ping", Told(503))
    with pytest.raises(ServerFailed):
        face()("webhooks.ping", "w")
    assert len(talker.heard) == 1


def test_an_edit_is_sent_once_because_a_second_would_conflict_with_the_first(face, talker):
    talker.tell(f"{IMAGE}/annotations/en", Told(drop=True))
    with pytest.raises(ConnectionFailed):
        face()("edit", answers.IMAGE_ID, "en", "A dog.", base_version=0)
    assert len(talker.heard) == 1


def test_a_refusal_is_final(face, talker):
    talker.tell(CAPTIONS, problem(400, "photo_truncated", field="image"))
    with pytest.raises(Exception, match="photo_truncated") as caught:
        face()("caption", b"photo")
    assert (type(caught.value).__name__, caught.value.field) == ("PhotoRefused", "image")
    assert len(talker.heard) == 1


def test_silence_times_out(face, talker):
    talker.tell(IMAGE, Told(200, answers.image(), delay=2))
    began = time.monotonic()
    with pytest.raises(TimedOut):
        face(timeout=0.2, backoff=Backoff(attempts=2))("image", answers.IMAGE_ID)
    assert time.monotonic() - began < 1.5
    assert len(talker.heard) == 2


def test_an_answer_that_trickles_in_ends_with_the_deadline(face, talker):
    talker.tell(IMAGE, Told(200, answers.image(), trickle=0.05))
    began = time.monotonic()
    with pytest.raises(TimedOut):
        face(deadline=0.5)("image", answers.IMAGE_ID)
    assert time.monotonic() - began < 1.5


def test_no_time_no_attempt(face, talker):
    with pytest.raises(DeadlineExceeded):
        face(deadline=0)("image", answers.IMAGE_ID)
    assert talker.heard == []


def test_within_shortens_one_call(face, talker):
    talker.tell(IMAGE, Told(200, answers.image(), delay=2))
    client = face()
    client.client = client.client.within(0.3)
    with pytest.raises(TimedOut):
        client("image", answers.IMAGE_ID)
    assert len(talker.heard) == 1


def test_a_redirect_is_not_followed_and_says_where_it_leads(face, talker):
    talker.tell(IMAGE, Told(301, None, {"Location": "http://elsewhere.example/"}))
    with pytest.raises(AnswerInvalid, match=r"elsewhere\.example"):
        face(auth="cap_secret")("image", answers.IMAGE_ID)


def test_an_answer_that_is_no_json_is_named(face, talker):
    talker.tell(IMAGE, Told(204))
    with pytest.raises(AnswerInvalid, match="not JSON"):
        face()("image", answers.IMAGE_ID)


def nobody_listens() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def test_the_circuit_opens_and_then_nothing_is_sent(face, talker):
    talker.tell(IMAGE, Told(500))
    client = face(breakers=Breakers(threshold=3), backoff=Backoff(attempts=2))
    for _ in range(2):
        with pytest.raises((ServerFailed, CircuitOpen)):
            client("image", answers.IMAGE_ID)
    with pytest.raises(CircuitOpen) as caught:
        client("image", answers.IMAGE_ID)
    assert 0 < caught.value.retry_after <= 30
    assert len(talker.heard) == 3


def test_refusals_never_open_the_circuit(face, talker):
    client = face(breakers=Breakers(threshold=2), backoff=Backoff(attempts=1))
    talker.tell(IMAGE, problem(404, "not_found"))
    for _ in range(4):
        with pytest.raises(Exception, match="not_found"):
            client("image", answers.IMAGE_ID)
    talker.tell(IMAGE, Told(200, answers.image()))
    assert client("image", answers.IMAGE_ID).title == "Dog"


def test_the_circuit_closes_when_the_site_is_back(face, talker):
    now = [0.0]
    talker.tell(IMAGE, Told(500), Told(200, answers.image()))
    breakers = Breakers(threshold=1, reset_after=5, clock=lambda: now[0])
    client = face(breakers=breakers, backoff=Backoff(attempts=1))
    for expected in (ServerFailed, CircuitOpen):
        with pytest.raises(expected):
            client("image", answers.IMAGE_ID)
    now[0] = 5.0
    assert client("image", answers.IMAGE_ID).title == "Dog"
    assert breakers.of(talker.url).state.value == "closed"


def test_no_connection_is_an_error_of_ours(face):
    with pytest.raises(ConnectionFailed) as caught:
        face(nobody_listens())("image", answers.IMAGE_ID)
    assert (caught.value.code, caught.value.status) == ("connection_failed", 0)
