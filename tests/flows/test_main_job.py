"""The main job: a photo in at one end, its captions on every open screen at the other."""

import json
import time

import pytest
import requests
from urllib3.filepost import encode_multipart_formdata
from websockets.sync.client import connect

from tests.factories import photo_bytes
from tests.flows.site import Site, upload

pytestmark = pytest.mark.flow


def captions_of(site: Site, image_id: str) -> list[dict]:
    answer = requests.get(f"{site.url}/api/v1/images/{image_id}/captions", timeout=10)
    return answer.json()["results"]


def test_a_program_sends_a_photo_and_reads_its_captions(site):
    data = photo_bytes(1001)
    answer = upload(site.url, data)
    assert answer["status_code"] == 202
    image_id = answer["image"]["id"]
    site.wait(lambda: captions_of(site, image_id), 30, "captions")

    captions = captions_of(site, image_id)
    assert len(captions) == 3
    assert all(caption["text"] and 0 <= caption["confidence"] <= 1 for caption in captions)

    again = upload(site.url, data)
    assert again["status_code"] == 200
    assert {c["text"] for c in again["captions"]} == {c["text"] for c in captions}


def test_every_socket_hears_the_whole_story_in_order(site):
    address = site.url.replace("http", "ws") + "/ws/gallery/"
    with connect(address, origin=site.url) as one, connect(address, origin=site.url) as two:
        for socket in (one, two):
            assert json.loads(socket.recv(5))["type"] == "hello"
        image_id = upload(site.url, photo_bytes(1002))["image"]["id"]
        for socket in (one, two):
            told = _story(socket, image_id)
            assert [kind for kind, _state in told] == ["image.created"] + ["image.updated"] * 3
            assert [state for _kind, state in told] == ["queued", "queued", "captioning", "done"]


def _story(socket, image_id: str) -> list[tuple[str, str]]:
    told = []
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        message = json.loads(socket.recv(30))
        if message.get("image") == image_id:
            told.append((message["type"], message["state"]))
            if message["state"] == "done":
                assert len(message["captions"]) == 3
                return told
    raise AssertionError(told)


def test_a_socket_stays_open_while_nothing_happens(site):
    address = site.url.replace("http", "ws") + "/ws/gallery/"
    with connect(address, origin=site.url) as socket:
        assert json.loads(socket.recv(5))["type"] == "hello"
        with pytest.raises(TimeoutError):
            socket.recv(12)
        socket.send('{"type": "ping"}')
        assert json.loads(socket.recv(5)) == {"type": "pong"}


def test_a_socket_from_another_site_is_refused(site):
    with pytest.raises(Exception, match="403"):
        connect(site.url.replace("http", "ws") + "/ws/gallery/", origin="https://elsewhere.test")


def test_a_photo_sent_in_chunks_is_taken_in(site):
    body, kind = encode_multipart_formdata({"image": ("photo.jpg", photo_bytes(1003))})
    pieces = (body[start : start + 700] for start in range(0, len(body), 700))
    answer = requests.post(
        f"{site.url}/api/v1/captions", data=pieces, headers={"Content-Type": kind}, timeout=30
    )
    assert answer.status_code == 202


def test_a_body_that_is_far_too_large_is_refused(site):
    answer = requests.post(f"{site.url}/uploads/", data=b"x" * 25_000_000, timeout=30)
    assert answer.status_code == 413
    assert answer.json()["code"] == "request_too_large"


def test_the_probes_tell_the_truth(site):
    assert requests.get(f"{site.url}/health/live/", timeout=5).json() == {"status": "ok"}
    ready = site.ready()
    ready.pop("inference", None)  # once the worker has proved itself
    assert ready == {"status": "ok", "database": True, "worker": "ready"}
