"""Lists, votes, texts, albums and webhooks."""

import json
from datetime import UTC, date, datetime
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import pytest
from capsite_client import AnswerInvalid, Client, EditConflict, NotFound

from tests.clients import answers
from tests.clients.talker import Told, problem

ALBUM = {"id": "a1", "title": "Dogs", "visibility": "private", "image_count": 1}
HOOK = {"id": "w1", "url": "https://example.org/hook", "events": ["caption.ready"]}


def page(*members, more: str | None = None) -> Told:
    return Told(200, {"results": list(members), "next": more, "previous": None})


def sent(heard) -> tuple[str, str, object]:
    return heard.method, heard.path, json.loads(heard.body) if heard.body else None


def test_a_list_asks_for_pages_only_as_they_are_needed(talker):
    one, two, three = (answers.image(title=title) for title in ("1", "2", "3"))
    # Behind a proxy the site may call itself something else; the token stays with our site.
    more = "http://inner.example:8000/api/v2/images?cursor=abc&limit=2"
    talker.tell("/api/v2/images", page(one, two, more=more), page(three))
    with Client(talker.url) as client:
        images = iter(client.images(limit=2))
        assert [image.title for image in islice(images, 2)] == ["1", "2"]
        assert len(talker.heard) == 1
        assert [image.title for image in images] == ["3"]
    assert talker.heard[1].path == "/api/v2/images?cursor=abc&limit=2"


def test_both_clients_read_every_page(face, talker):
    talker.tell("/api/v2/jobs", page(answers.job(), more="/api/v2/jobs?cursor=x"), page())
    assert [job.id for job in face().listed("jobs")] == [answers.JOB_ID]


def test_filters_are_sent_and_empty_ones_left_out(face, talker):
    found = {"rank": 0.8, "matched_text": "a dog", "image": answers.image()}
    talker.tell("/api/v2/search", page(found))
    since = datetime(2026, 1, 2, tzinfo=UTC)
    ask = {"language": "tr", "min_confidence": 0.5, "since": since}
    assert face().listed("search", "dog & cat", **ask)[0].image.title == "Dog"
    assert parse_qs(urlsplit(talker.heard[0].path).query) == {
        "q": ["dog & cat"],
        "language": ["tr"],
        "min_confidence": ["0.5"],
        "since": ["2026-01-02T00:00:00+00:00"],
    }


def test_captions_of_an_image(face, talker):
    path = f"/api/v2/images/{answers.IMAGE_ID}/captions"
    talker.tell(path, page(answers.caption(), answers.caption(rank=1)))
    assert [one.rank for one in face().listed("captions", answers.IMAGE_ID)] == [0, 1]


def test_more_captions_are_asked_for_with_a_key(face, talker):
    path = f"/api/v2/images/{answers.IMAGE_ID}/captions"
    talker.tell(path, Told(202, {"jobs": [answers.job("queued")]}))
    jobs = face()("ask", answers.IMAGE_ID, strategies=["nucleus"], language="tr")
    assert [job.state for job in jobs] == ["queued"]
    assert sent(talker.heard[0])[2] == {"strategies": ["nucleus"], "language": "tr"}
    assert "idempotency-key" in talker.heard[0].headers


def test_votes(face, talker):
    path = "/api/v2/captions/c1/vote"
    voted = answers.caption(votes={"up": 1, "down": 1, "mine": -1})
    talker.tell(path, Told(200, voted), Told(204))
    client = face()
    assert client("vote", "c1", -1, harmful=True, reason="rude").votes.mine == -1
    client("withdraw_vote", "c1")
    assert [sent(one) for one in talker.heard] == [
        ("PUT", path, {"value": -1, "harmful": True, "reason": "rude"}),
        ("DELETE", path, None),
    ]


def test_what_may_be_repeated_on_the_site_has_a_key(face, talker):
    for path in ("/api/v2/captions/c/promote", "/api/v2/annotations/a/revert", "/api/v2/albums"):
        talker.tell(path, Told(503), Told(200, {"id": "x"}))
    talker.tell("/api/v2/jobs/j/retry", Told(503), Told(202, answers.job("queued")))
    client = face()
    client("promote", "c", base_version=0)
    client("revert", "a", 1, base_version=2)
    client("albums.create", "Dogs")
    client("retry", "j")
    keys = [one.headers["idempotency-key"] for one in talker.heard]
    assert keys[::2] == keys[1::2]
    assert len(set(keys)) == 4


def test_an_edit_that_came_second_learns_what_stands(face, talker):
    path = f"/api/v2/images/{answers.IMAGE_ID}/annotations/en"
    conflict = problem(409, "edit_conflict", version=3, text="A hound.", author="bo")
    written = {"id": "n1", "version": 4, "text": "A dog.", "author": {"id": 2, "name": "cy"}}
    talker.tell(path, conflict, Told(200, written))
    client = face()
    with pytest.raises(EditConflict) as caught:
        client("edit", answers.IMAGE_ID, "en", "A dog.", base_version=2)
    error = caught.value
    assert (error.version, error.text, error.author) == (3, "A hound.", "bo")
    text = client("edit", answers.IMAGE_ID, "en", "A dog.", base_version=error.version)
    assert (text.version, text.author.name) == (4, "cy")
    assert sent(talker.heard[1]) == ("PUT", path, {"text": "A dog.", "base_version": 3})


def test_albums(face, talker):
    talker.tell("/api/v2/albums", Told(201, ALBUM))
    talker.tell("/api/v2/albums/a1", Told(200, ALBUM))
    talker.tell("/api/v2/albums/a1/images", Told(200, ALBUM))
    client = face()
    assert client("albums.create", "Dogs", visibility="private").id == "a1"
    assert client("albums.add", "a1", ["i1"]).image_count == 1
    client("albums.update", "a1", title="Hounds")
    client("albums.remove", "a1", ["i1"])
    client("albums.delete", "a1")
    made = {"title": "Dogs", "description": "", "visibility": "private"}
    assert [sent(one) for one in talker.heard] == [
        ("POST", "/api/v2/albums", made),
        ("POST", "/api/v2/albums/a1/images", {"images": ["i1"]}),
        ("PATCH", "/api/v2/albums/a1", {"title": "Hounds"}),
        ("DELETE", "/api/v2/albums/a1/images", {"images": ["i1"]}),
        ("DELETE", "/api/v2/albums/a1", None),
    ]


def test_a_photo_of_an_album_moves_and_the_move_may_be_repeated(face, talker):
    path = "/api/v2/albums/a1/images/i2/place"
    talker.tell(path, Told(503), Told(200, ALBUM), Told(200, ALBUM))
    client = face()
    assert client("albums.move", "a1", "i2", after="i1").id == "a1"
    client("albums.move", "a1", "i2")
    after, first = ("PUT", path, {"after": "i1"}), ("PUT", path, {"after": None})
    assert [sent(one) for one in talker.heard] == [after, after, first]


def test_statistics(face, talker):
    step = {"step": "2026-01-05", "language": "en", "strategy": "", "captions": 3}
    tenth = {"confidence_from": 0.9, "confidence_to": 1, "mean_confidence": 0.95, "up": 2}
    told = {"of": "mine", "since": "2026-01-01", "until": "2026-03-31", "unit": "week"}
    told |= {"refreshed_at": "2026-03-31T12:00:00Z", "captions": [step], "confidence": [tenth]}
    talker.tell("/api/v2/statistics", Told(200, told), Told(200, told | {"since": "soon"}))
    client = face()
    found = client("statistics", of="mine", days=90)
    assert talker.heard[0].path == "/api/v2/statistics?of=mine&days=90"
    assert (found.since, found.unit, found.votes) == (date(2026, 1, 1), "week", ())
    assert found.refreshed_at == datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert (found.captions[0].step, found.captions[0].captions) == (date(2026, 1, 5), 3)
    assert (found.confidence[0].up, found.calibration_gap) == (2, None)
    with pytest.raises(AnswerInvalid, match=r"Statistics\.since .* not a date"):
        client("statistics")
    assert talker.heard[1].path == "/api/v2/statistics?of=public&days=30"


def test_webhooks(face, talker):
    talker.tell("/api/v2/webhooks", Told(201, HOOK | {"secret": "whsec"}), page(HOOK))
    talker.tell("/api/v2/webhooks/w1/secret", Told(200, {"secret": "whsec2"}))
    talker.tell("/api/v2/webhooks/w1/ping", Told(202, {"id": "d1", "state": "waiting"}))
    client = face()
    made = client("webhooks.create", HOOK["url"], ["caption.ready"])
    assert made.secret == "whsec"
    assert "whsec" not in repr(made)
    assert [one.events for one in client.listed("webhooks.list")] == [("caption.ready",)]
    assert client("webhooks.rotate_secret", "w1") == "whsec2"
    assert client("webhooks.ping", "w1").state == "waiting"


def test_a_heat_map_is_waited_for(face, talker):
    waiting = Told(202, {"state": "waiting"}, {"Retry-After": "2"})
    words = [{"text": "dog", "start": 2, "end": 5, "grid": [[0.25, 0.25], [0.5, 0]]}]
    talker.tell("/api/v2/captions/c1/heatmap", waiting, Told(200, {"words": words}))
    client = face()
    assert client("heatmap", "c1").words[0].grid == ((0.25, 0.25), (0.5, 0.0))
    assert client.pauses == [2]


def test_what_is_not_there_is_not_found(face):
    with pytest.raises(NotFound):
        face()("image", "nothing")


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org", "http://", "http://x/?a"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="no address of a site"):
        Client(address)
