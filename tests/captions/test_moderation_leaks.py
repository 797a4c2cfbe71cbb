"""A hidden caption is told by no way out of the site, those of before its hiding included."""

import json

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from annotations.search import search
from capsite.common import push
from captions.consumers import GalleryConsumer
from captions.models import Caption, WebhookDelivery, WebhookEndpoint
from captions.services.moderation import case_decide
from captions.services.store import captions_store
from captions.services.votes import vote_cast
from captions.webhooks.services import delivery_resend
from gallery.services.jobs import jobs_claim
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    ModelFactory,
    UserFactory,
    moderator,
)
from tests.graphql.asking import Asker, gid

pytestmark = pytest.mark.django_db

WORD = "zeppelin"
VISITOR = AnonymousUser()


@pytest.fixture
def owner():
    return UserFactory(username="olaf")


@pytest.fixture
def hidden(owner):
    """A photo with a hidden caption and one that is shown."""
    image = ImageFactory(owner=owner, title="Untitled")
    job = JobFactory(done=True, image=image)
    bad = CaptionFactory(image=image, job=job, text=f"a rude {WORD}", confidence=0.9)
    CaptionFactory(image=image, job=job, rank=1, text="a balloon", confidence=0.2)
    vote_cast(person=owner, caption_id=bad.pk, value=1)
    case_decide(person=moderator(), case_id=CaseFactory(caption=bad).pk, decision="hide")
    return bad


def addresses(caption: Caption) -> dict[str, int]:
    """Return every address that might tell of the caption, with the answer it should give."""
    image, job = caption.image_id, caption.job_id
    pages = [
        *("/", "/history/", f"/search/?q={WORD.upper()}"),  # the page repeats what was asked for
        *(f"/photos/{image}/", f"/photos/{image}/captions/", f"/photos/cards/?ids={image}"),
    ]
    both = [
        "images",
        f"images/{image}",
        f"images/{image}/captions",
        f"images/{image}/annotations",
        f"jobs/{job}",
        f"search?q={WORD}",
        "models",
    ]
    second = ["jobs", "me/votes", f"images/{image}/captions?min_confidence=0.8"]
    found = dict.fromkeys(pages, 200)
    found |= {f"/api/{version}/{path}": 200 for version in ("v1", "v2") for path in both}
    found |= {f"/api/v2/{path}": 200 for path in second}
    gone = [
        f"/api/v2/captions/{caption.pk}",
        f"/api/v2/captions/{caption.pk}/heatmap",
        f"/api/v1/captions/{caption.pk}/heatmap/",
    ]
    return found | dict.fromkeys(gone, 404)


@pytest.mark.parametrize("who", ["owner", "stranger", "administrator"])
def test_no_address_tells_it(client, hidden, owner, who):
    people = {
        "owner": owner,
        "stranger": UserFactory(),
        "administrator": UserFactory(is_superuser=True),
    }
    client.force_login(people[who])
    wrong = {}
    for address, expected in addresses(hidden).items():
        answer = client.get(address)
        if answer.status_code != expected or WORD in answer.content.decode():
            wrong[address] = answer.status_code
    assert wrong == {}


def test_graphql_tells_moderators_alone(hidden, owner):
    query = """query Q($image: ID!) {
      image(id: $image) { bestCaption { text } captions { edges { node { text } } } }
      search(text: "zeppelin") { edges { node { matchedText } } }
      jobs { edges { node { captions { edges { node { text } } } } } }
    }"""
    for person in (None, owner, moderator()):
        asker = Asker(person)
        told = asker.ask(query, image=str(hidden.image_id))
        assert told["image"]["captions"]["edges"] == [{"node": {"text": "a balloon"}}]
        assert WORD not in json.dumps(told)
        node = "query N($id: ID!) { node(id: $id) { id } }"
        assert asker.refused(node, id=gid(hidden))["code"] == "not_found"
    cases = "{ moderationCases { edges { node { caption { text } } } } }"
    assert WORD in json.dumps(Asker(moderator()).ask(cases))


def test_search_does_not_find_it(hidden):
    assert not search(VISITOR, text=WORD).exists()


def test_it_is_neither_promoted_nor_voted_on_nor_asked_for(client, hidden, owner):
    client.force_login(owner)
    base = f"/api/v2/captions/{hidden.pk}"
    sent = {"content_type": "application/json"}
    assert client.put(f"{base}/vote", {"value": 1}, **sent).status_code == 404
    assert client.post(f"{base}/promote", {"base_version": 0}, **sent).status_code == 404


def test_albums_show_photos_without_it(client, hidden, owner):
    from gallery.services.albums import album_add

    album = AlbumFactory(owner=owner)
    album_add(person=owner, album_id=album.pk, image_ids=[hidden.image_id])
    for version in ("v1", "v2"):
        answer = client.get(f"/api/{version}/albums/{album.pk}/images")
        assert answer.status_code == 200
        assert WORD not in answer.content.decode()


def test_what_was_made_of_it_points_at_nothing(client, hidden):
    annotation = AnnotationFactory(image=hidden.image, text="A balloon.")
    annotation.revisions.update(caption=hidden)
    answer = client.get(f"/api/v2/annotations/{annotation.pk}/revisions")
    assert answer.status_code == 200
    assert WORD not in answer.content.decode()


def test_webhooks_forget_it_before_they_are_sent_or_sent_again(owner):
    endpoint = WebhookEndpoint.objects.create(
        owner=owner,
        url="https://example.org/h",
        events=["caption.ready", "moderation.case_opened", "moderation.case_decided"],
        secret="x",
    )
    job = JobFactory(image=ImageFactory(owner=owner))
    [job] = jobs_claim(worker="w", limit=1)
    candidates = [_Candidate(f"a rude {WORD}", 0), _Candidate("a balloon", 1)]
    captions = captions_store(job=job, model=ModelFactory(), candidates=candidates, timings={})
    vote_cast(person=UserFactory(), caption_id=captions[0].pk, value=-1, harmful=True)
    told = [json.dumps(row.payload) for row in WebhookDelivery.objects.all()]
    assert sum(WORD in words for words in told) == 2
    WebhookDelivery.objects.update(state="delivered", finished_at="2026-01-01T00:00Z")

    case = captions[0].cases.get()
    case_decide(person=moderator(), case_id=case.pk, decision="hide")
    for delivery in list(WebhookDelivery.objects.filter(state="delivered")):
        delivery_resend(person=owner, delivery_id=delivery.pk)
    rows = WebhookDelivery.objects.filter(endpoint=endpoint)
    assert {row.event for row in rows} >= {"caption.ready", "moderation.case_decided"}
    told = [json.dumps(row.payload) for row in rows]
    assert not [words for words in told if WORD in words]
    assert any("a balloon" in words for words in told)


def test_the_same_words_do_not_come_back_with_another_job(
    hidden, owner, monkeypatch, django_capture_on_commit_callbacks
):
    pushed: list = []
    monkeypatch.setattr(push, "_push", lambda groups, told: pushed.append(told))
    WebhookEndpoint.objects.create(
        owner=owner, url="https://example.org/h", events=["caption.ready"], secret="x"
    )
    JobFactory(image=hidden.image)
    [job] = jobs_claim(worker="w", limit=1)
    candidates = [_Candidate(f"A rude {WORD}", 0), _Candidate("a kite", 1)]
    with django_capture_on_commit_callbacks(execute=True):
        captions_store(job=job, model=ModelFactory(), candidates=candidates, timings={})
    shown = Caption.objects.filter(image=hidden.image).values_list("text", flat=True)
    assert set(shown) == {"a balloon", "a kite"}
    told = [row.payload for row in WebhookDelivery.objects.all()]
    for heard in (json.dumps(told), json.dumps(pushed)):
        assert "a kite" in heard
        assert WORD not in heard


@pytest.mark.django_db(transaction=True)
async def test_sockets_name_it_and_no_more():
    owner = await database_sync_to_async(UserFactory)()
    person = await database_sync_to_async(moderator)()
    caption = await database_sync_to_async(CaptionFactory)(text=f"a {WORD}")
    case = await database_sync_to_async(CaseFactory)(caption=caption)
    screens = []
    for user in (VISITOR, owner):
        screen = WebsocketCommunicator(GalleryConsumer.as_asgi(), "/ws/gallery/")
        screen.scope["user"] = user
        await screen.connect()
        await screen.receive_json_from()
        screens.append(screen)
    await database_sync_to_async(case_decide)(person=person, case_id=case.pk, decision="ask")
    for screen in screens:
        messages = [await screen.receive_json_from() for _ in range(2)]
        assert {message["type"] for message in messages} == {"caption.removed", "image.updated"}
        assert WORD not in json.dumps(messages)
        assert await screen.receive_nothing(timeout=0.2)
        await screen.disconnect()


class _Candidate:
    """What a captioner hands over."""

    strategy, language, log_probability = "beam", "en", -0.5

    def __init__(self, text: str, rank: int) -> None:
        self.text, self.rank, self.confidence = text, rank, 0.9 - rank / 10
