"""Send a photo and get its captions: at once, after waiting, or out of the cache."""

import json

import pytest
from capsite_client import (
    Backoff,
    Breakers,
    Captioned,
    ConnectionFailed,
    DeadlineExceeded,
    DiskCache,
    JobFailed,
    PhotoUnreadable,
    ServerFailed,
)
from capsite_client.cache import MemoryCache, cache_key

from tests.clients import answers
from tests.clients.talker import Told

CAPTIONS = "/api/v2/captions"
JOB = f"/api/v2/jobs/{answers.JOB_ID}"
IMAGE = f"/api/v2/images/{answers.IMAGE_ID}"
ONCE = Backoff(attempts=1)


def parts(heard) -> dict[str, list[bytes]]:
    """Read a multipart form back."""
    boundary = heard.headers["content-type"].partition("boundary=")[2].encode()
    found: dict[str, list[bytes]] = {}
    for part in heard.body.split(b"--" + boundary)[1:-1]:
        head, _, data = part[2:-2].partition(b"\r\n\r\n")
        found.setdefault(head.split(b'name="')[1].split(b'"')[0].decode(), []).append(data)
    return found


def test_a_path_bytes_and_an_address_are_sent(face, talker, tmp_path):
    talker.tell(CAPTIONS, Told(200, answers.captioned()))
    path = tmp_path / 'a "dog".jpg'
    path.write_bytes(b"\xff\xd8\r\n--photo")
    client = face()
    ask = {"strategies": ["beam", "greedy"], "language": "tr", "num": 2, "wait": 12.7}
    client("caption", path, **ask)
    client("caption", str(path), visibility="private")
    client("caption", b"bytes")
    client("caption", "https://example.org/dog.jpg", **ask)
    by_path, by_text, by_bytes, by_url = talker.heard
    assert parts(by_path) == {
        "strategies": [b"beam", b"greedy"],
        "language": [b"tr"],
        "num": [b"2"],
        "wait": [b"12"],
        "image": [b"\xff\xd8\r\n--photo"],
    }
    assert b'filename="a %22dog%22.jpg"' in by_path.body
    assert parts(by_text)["visibility"] == [b"private"]
    assert parts(by_bytes)["image"] == [b"bytes"]
    assert json.loads(by_url.body) == ask | {"wait": 12, "url": "https://example.org/dog.jpg"}


def test_captions_that_are_there_come_at_once(face, talker):
    talker.tell(CAPTIONS, Told(200, answers.captioned()))
    result = face()("caption", b"photo")
    assert isinstance(result, Captioned)
    assert [one.text for one in result.captions] == ["a dog on grass", "a brown dog"]
    assert result.ended
    assert not result.cached
    assert len(talker.heard) == 1


def test_captions_that_are_not_there_are_waited_for(face, talker):
    talker.tell(CAPTIONS, Told(202, answers.captioned("queued")))
    working = Told(200, answers.job("captioning"), {"Retry-After": "3"})
    talker.tell(JOB, working, Told(200, answers.job("done", num=2)))
    talker.tell(IMAGE, Told(200, answers.image()))
    others = [answers.caption("older", 2), answers.caption("un chien", 0, language="fr")]
    found = [answers.caption(), answers.caption("a brown dog", 1), *others]
    talker.tell(f"{IMAGE}/captions", Told(200, {"results": found, "next": None}))
    client = face()
    result = client("caption", b"photo")
    assert [one.text for one in result.captions] == ["a dog on grass", "a brown dog"]
    assert result.jobs[0].state == "done"
    assert client.pauses == [3]
    assert talker.heard[1].path == f"{JOB}?wait=29"


def test_without_waiting_the_jobs_come(face, talker):
    talker.tell(CAPTIONS, Told(202, answers.captioned("queued")))
    result = face()("caption", b"photo", wait=0)
    assert not result.ended
    assert result.captions == ()
    assert len(talker.heard) == 1


def test_a_photo_that_cannot_be_captioned_raises(face, talker):
    failed = answers.job("failed", error={"code": "photo_unreadable", "message": "No photo."})
    talker.tell(CAPTIONS, Told(200, answers.captioned() | {"jobs": [failed], "captions": []}))
    with pytest.raises(JobFailed, match="No photo") as caught:
        face()("caption", b"photo")
    assert caught.value.code == "photo_unreadable"


def test_one_failed_strategy_leaves_the_others(face, talker):
    jobs = [answers.job("failed", strategy="greedy"), answers.job()]
    talker.tell(CAPTIONS, Told(200, answers.captioned() | {"jobs": jobs}))
    result = face()("caption", b"photo", strategies=["greedy", "beam"])
    assert [job.state for job in result.jobs] == ["failed", "done"]
    assert result.best.text == "a dog on grass"


def test_a_file_that_is_not_there_is_named(face, tmp_path):
    with pytest.raises(PhotoUnreadable, match=r"missing\.jpg could not be read: No such file"):
        face()("caption", tmp_path / "missing.jpg")


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_out_of_reach_the_captions_of_before_come(face, talker, tmp_path, where):
    cache = MemoryCache() if where == "memory" else DiskCache(tmp_path / "kept")
    talker.tell(CAPTIONS, Told(200, answers.captioned()), Told(503))
    client = face(cache=cache, backoff=ONCE, breakers=Breakers(threshold=1))
    fresh = client("caption", b"photo")
    failed, refused = client("caption", b"photo"), client("caption", b"photo")
    assert len(talker.heard) == 2  # the circuit was open for the third
    assert failed == refused
    assert (failed.cached, failed.captions) == (True, fresh.captions)
    assert failed.cached_at is not None
    for other in ({"language": "tr"}, {"num": 1}, {"strategies": ["greedy"]}):
        with pytest.raises(Exception, match="nothing is sent"):
            client("caption", b"photo", **other)
    with pytest.raises(Exception, match="nothing is sent"):
        client("caption", b"another photo")


def test_a_refusal_never_comes_from_the_cache(face, talker):
    talker.tell(CAPTIONS, Told(200, answers.captioned()), Told(403, {"code": "sign_in_required"}))
    client = face()
    client("caption", b"photo")
    with pytest.raises(Exception, match="no explanation"):
        client("caption", b"photo")


def test_what_is_not_ended_is_not_kept(face, talker):
    talker.tell(CAPTIONS, Told(202, answers.captioned("queued")), Told(503))
    client = face(backoff=ONCE)
    client("caption", b"photo", wait=0)
    with pytest.raises(ServerFailed):
        client("caption", b"photo")


def test_a_damaged_or_crowded_disk_cache_does_no_harm(tmp_path):
    cache = DiskCache(tmp_path, most=3)
    keys = [cache_key("http://x", str(n), ["beam"], "en", None) for n in range(5)]
    for key in keys:
        cache.put(key, {"at": "now"})
    assert len(list(tmp_path.iterdir())) == 3
    (tmp_path / f"{keys[-1]}.json").write_text("{")
    assert cache.get(keys[-1]) is None
    assert (tmp_path / f"{keys[-2]}.json").stat().st_mode & 0o077 == 0
    DiskCache(tmp_path / f"{keys[-2]}.json").put("key", {})  # no folder: kept nowhere


def test_the_memory_cache_forgets_what_was_used_least():
    cache = MemoryCache(most=2)
    cache.put("a", {"n": 1})
    cache.put("b", {"n": 2})
    cache.get("a")
    cache.put("c", {"n": 3})
    assert [cache.get(key) for key in "abc"] == [{"n": 1}, None, {"n": 3}]


def test_waiting_for_a_job_ends_with_it(face, talker):
    talker.tell(JOB, Told(200, answers.job("queued")), Told(200, answers.job("done")))
    client = face()
    assert client("wait", answers.JOB_ID).state == "done"
    assert client.pauses == [0.5]  # the answer came at once, without a Retry-After


def test_waiting_for_a_job_that_fails_or_takes_too_long(face, talker):
    failed = answers.job("failed", error={"code": "out_of_memory", "message": "Too large."})
    talker.tell(JOB, Told(200, failed))
    with pytest.raises(JobFailed) as caught:
        face()("wait", answers.JOB_ID)
    assert caught.value.code == "out_of_memory"
    talker.tell(JOB, Told(200, answers.job("queued"), delay=0.4))
    with pytest.raises(DeadlineExceeded, match="still queued"):
        face()("wait", answers.JOB_ID, seconds=1)
    with pytest.raises(ConnectionFailed):
        face("http://127.0.0.1:1")("wait", answers.JOB_ID, seconds=5)


def test_a_batch_reports_each_photo_in_its_place(face, talker, tmp_path):
    refused = {"code": "photo_truncated", "message": "It ends early."}
    files = {
        "id": "b1",
        "state": "running",
        "total": 2,
        "waiting": 1,
        "items": [
            {"position": 0, "name": "photo", "image": "i", "job": "j", "state": "queued"},
            {"position": 1, "name": "photo", "state": "failed", "error": refused},
        ],
    }
    finished = json.loads(json.dumps(files)) | {"state": "partial", "waiting": 0}
    finished["items"][0]["state"] = "done"
    talker.tell("/api/v2/batches", Told(202, files), Told(429, {"code": "rate_limited"}))
    talker.tell("/api/v2/batches/b1", Told(200, files), Told(200, finished))
    client = face(backoff=ONCE)
    sources = [tmp_path / "missing.jpg", b"one", "http://example.org/x.jpg", b"two"]
    report = client("batch", sources)
    assert [(item.position, item.state) for item in report.items] == [
        (0, "failed"),
        (1, "done"),
        (2, "failed"),
        (3, "failed"),
    ]
    codes = [item.error.code for item in report.failed]
    assert codes == ["file_unreadable", "rate_limited", "photo_truncated"]
    assert [item.image for item in report.done] == ["i"]
    assert report.waiting == ()
    assert client.pauses == [0.5, 0.75]
    assert parts(talker.heard[0])["images"] == [b"one", b"two"]
    assert json.loads(talker.heard[1].body)["items"][0]["url"] == "http://example.org/x.jpg"


def test_a_large_batch_is_sent_in_parts(face, talker):
    talker.tell("/api/v2/batches", Told(202, {"id": "b", "state": "done", "items": []}))
    report = face()("batch", [bytes([n]) * (5 * 2**20) for n in range(5)])
    assert [len(parts(one)["images"]) for one in talker.heard] == [2, 2, 1]
    assert {item.error.code for item in report.items} == {"answer_invalid"}  # it named none
    assert len(report.items) == 5
