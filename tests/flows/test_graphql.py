"""A photo is sent by GraphQL, a worker captions it, and a subscription tells of it."""

import json

import pytest
import requests

from tests.factories import photo_bytes
from tests.flows.site import Site
from tests.graphql.jsclient import JsClient

pytestmark = pytest.mark.flow

FEED = """subscription { imageFeed { kind image {
  id state bestCaption { text } captions { edges { node { text level model { name } } } } } } }"""
UPLOAD = "mutation U($file: Upload!) { imageUpload(file: $file) { image { id } job { state } } }"


def sent(site: Site, data: bytes) -> str:
    """Upload a photo as multipart and return its id."""
    operations = json.dumps({"query": UPLOAD, "variables": {"file": None}})
    answer = requests.post(
        f"{site.url}/graphql/",
        data={"operations": operations, "map": '{"0": ["variables.file"]}'},
        files={"0": ("photo.jpg", data)},
        timeout=30,
    )
    return answer.json()["data"]["imageUpload"]["image"]["id"]


def test_a_photo_sent_by_graphql_is_captioned_before_the_subscribers_eyes(site: Site):
    address = site.url.removeprefix("http://").rstrip("/")
    with JsClient(address, {"query": FEED}) as client:
        assert client.line() == {"event": "connected"}
        client.quiet(0.7)  # the subscription is under way; photos of other tests may pass
        image = sent(site, photo_bytes(7301))
        states = []
        while "DONE" not in states:
            event = client.next(30)["imageFeed"]
            if event["image"]["id"] == image:
                states.append(event["image"]["state"])
    # An event shows the photo as it is when it is read: a quick worker may be done by then.
    assert set(states) <= {"QUEUED", "CAPTIONING", "DONE"}
    captions = [edge["node"] for edge in event["image"]["captions"]["edges"]]
    assert event["image"]["bestCaption"]["text"] == captions[0]["text"]
    assert {caption["model"]["name"] for caption in captions} == {"tiny"}
