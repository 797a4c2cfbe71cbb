"""Subscriptions, followed by the official graphql-ws client against the running site."""

import pytest
from django.db import transaction

from annotations.services import annotation_edit
from capsite.accounts.models import PersonalToken
from capsite.accounts.services.tokens import token_revoke
from captions.services.votes import vote_cast
from gallery.models import CaptionJob
from gallery.services.events import image_created_on_commit
from gallery.services.images import image_delete, image_update
from gallery.services.jobs import job_fail, jobs_claim
from tests.factories import CaptionFactory, ImageFactory, JobFactory, UserFactory
from tests.graphql.asking import gid, token_for
from tests.graphql.jsclient import JsClient

FEED = {"query": "subscription { imageFeed { kind uuid image { title state } } }"}


def follow(image) -> dict:
    query = """subscription F($id: ID!) { captionUpdated(imageId: $id) {
      kind image { annotations { text } } caption { text votes { up down mine } } } }"""
    return {"query": query, "variables": {"id": gid(image)}}


def authorized(person) -> dict:
    return {"authorization": f"Bearer {token_for(person, 'captions:read', 'captions:write')}"}


def announced(image) -> None:
    with transaction.atomic():
        image_created_on_commit(image)


def test_the_feed_tells_of_what_one_may_see(live: str):
    owner = UserFactory()
    with (
        JsClient(live, FEED) as visitor,
        JsClient(live, FEED, params=authorized(owner)) as mine,
    ):
        for client in (visitor, mine):
            assert client.line() == {"event": "connected"}
        settle(visitor)
        private = ImageFactory(owner=owner, visibility="private", title="mine alone")
        announced(private)
        assert mine.next()["imageFeed"]["image"]["title"] == "mine alone"
        public = ImageFactory(title="for all")
        announced(public)
        for client in (visitor, mine):  # the visitor never heard of the private one
            event = client.next()["imageFeed"]
            assert (event["kind"], event["image"]["title"]) == ("CREATED", "for all")
        image_update(person=owner, image_id=private.pk, visibility="public")
        assert visitor.next()["imageFeed"]["uuid"] == str(private.pk)
        image_update(person=owner, image_id=private.pk, visibility="private")
        event = visitor.next()["imageFeed"]
        assert (event["kind"], event["image"]) == ("REMOVED", None)


def settle(client: JsClient) -> None:
    """Let subscriptions that answer nothing at first reach their groups."""
    assert client.quiet(0.5)


def test_captions_of_one_photo_until_it_is_gone(live: str):
    owner, image = UserFactory(), None
    image = ImageFactory(owner=owner)
    caption = CaptionFactory(image=image, text="a dog")
    with JsClient(live, follow(image), params=authorized(owner)) as client:
        assert client.line() == {"event": "connected"}
        assert client.next()["captionUpdated"]["kind"] == "CURRENT"
        vote_cast(person=owner, caption_id=caption.pk, value=1)
        event = client.next()["captionUpdated"]
        assert event["kind"] == "VOTES"
        assert event["caption"] == {"text": "a dog", "votes": {"up": 1, "down": 0, "mine": 1}}
        annotation_edit(
            person=owner, image_id=image.pk, language="en", text="One dog.", base_version=0
        )
        event = client.next()["captionUpdated"]
        assert (event["kind"], event["image"]["annotations"]) == ("TEXT", [{"text": "One dog."}])
        image_delete(person=owner, image_id=image.pk)
        assert client.line() == {"operation": 0, "complete": True}


def test_a_photo_that_becomes_private_ends_what_strangers_follow(live: str):
    owner = UserFactory()
    image = ImageFactory(owner=owner, visibility="unlisted")
    with JsClient(live, follow(image)) as stranger:
        assert stranger.line() == {"event": "connected"}
        assert stranger.next()["captionUpdated"]["kind"] == "CURRENT"
        image_update(person=owner, image_id=image.pk, visibility="private")
        assert stranger.line() == {"operation": 0, "complete": True}
    with JsClient(live, follow(image)) as stranger:
        assert stranger.line() == {"event": "connected"}
        [error] = stranger.line()["error"]
        assert error["extensions"]["code"] == "not_found"


def test_a_jobs_progress(live: str):
    job = JobFactory()
    query = "subscription P($id: ID!) { jobProgress(jobId: $id) { state error { code } } }"
    asked = {"query": query, "variables": {"id": str(job.pk)}}
    with JsClient(live, asked) as client:
        assert client.line() == {"event": "connected"}
        assert client.next()["jobProgress"]["state"] == "QUEUED"
        [claimed] = jobs_claim(worker="test", limit=1)
        assert client.next()["jobProgress"]["state"] == "CAPTIONING"
        job_fail(claimed, code="photo_unreadable", message="This photo cannot be read.")
        ended = client.next()["jobProgress"]
        assert ended == {"state": "FAILED", "error": {"code": "photo_unreadable"}}
        assert client.line() == {"operation": 0, "complete": True}
    assert CaptionJob.objects.get().state == "failed"


def test_queries_and_mutations_run_on_the_socket_too(live: str):
    member, image = UserFactory(), ImageFactory()
    caption = CaptionFactory(image=image)
    vote = (
        "mutation V($id: ID!) { voteCast(captionId: $id, value: 1) { caption { votes { up } } } }"
    )
    operations = [
        {"query": "{ me { user { name } } }"},
        {"query": vote, "variables": {"id": gid(caption)}},
        {"query": "{ nothing }"},
        {"query": 'mutation { albumDelete(id: "x") { ok } }'},
    ]
    with JsClient(live, *operations, params=authorized(member), keepAlive=200) as client:
        told: dict = {}
        while len(told) < 4:
            line = client.line()
            if "operation" in line and "complete" not in line:
                told[line["operation"]] = line.get("next", line.get("error"))
    assert told[0]["data"]["me"]["user"]["name"] == member.username
    assert told[1]["data"]["voteCast"]["caption"]["votes"]["up"] == 1
    assert told[2][0]["extensions"]["code"] == "graphql_validation_failed"
    assert told[3]["errors"][0]["extensions"]["code"] == "bad_id"


def test_the_client_can_stop_and_go_on(live: str):
    image = ImageFactory()
    caption = CaptionFactory(image=image)
    with JsClient(live, follow(image), FEED) as client:
        assert client.line() == {"event": "connected"}
        assert client.next()["captionUpdated"]["kind"] == "CURRENT"
        client.stop(0)
        assert client.line() == {"operation": 0, "complete": True}
        settle(client)
        vote_cast(person=UserFactory(), caption_id=caption.pk, value=1)
        assert client.quiet()
        announced(image)
        assert client.next()["imageFeed"]["kind"] == "CREATED"


@pytest.mark.parametrize("header", ["Bearer cap_unknown", "Bearer ", "Basic YTpi"])
def test_a_token_that_opens_nothing_opens_no_socket(live: str, header: str):
    with JsClient(live, FEED, params={"authorization": header}) as client:
        line = client.line()
        assert (line["event"], line["code"], line["reason"]) == ("closed", 4401, "invalid_token")


def test_a_revoked_token_closes_what_it_opened(live: str):
    member = UserFactory()
    with JsClient(live, FEED, params=authorized(member)) as client:
        assert client.line() == {"event": "connected"}
        settle(client)
        token_revoke(person=member, token_id=PersonalToken.objects.get().pk)
        lines = [client.line(), client.line()]
        assert {"event": "closed", "code": 4401, "reason": "Unauthorized"} in lines
