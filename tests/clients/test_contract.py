"""What the client asks for stands in the site's OpenAPI document and in its GraphQL schema."""

import json
import re
from typing import Any

import pytest
from capsite_client import figures, models, resources
from capsite_client.auth import ClientCredentials, JWTAuth
from capsite_client.engine import Site
from capsite_client.flow import Send
from capsite_client.listing import Listing, read_page
from capsite_client.operations import (
    about,
    albums,
    annotations,
    batches,
    captioning,
    feeds,
    images,
    jobs,
    webhooks,
)
from capsite_client.signatures import verify_webhook
from django.test import Client
from django.urls import resolve
from graphql import parse, validate

from capsite.schema import schema
from captions.webhooks import signing

SITE = Site("http://site.example")
ID = "0b7c9d3e-0000-4000-8000-000000000001"
CALLS: dict[str, Any] = {
    "caption": captioning.caption(SITE, b"photo"),
    "caption by url": captioning.caption(SITE, "https://example.org/x.jpg"),
    "batch": batches.batch(SITE, [b"photo"]),
    "batch status": batches.batch_status(SITE, ID),
    "images": images.images(SITE),
    "search": images.search(SITE, "dog"),
    "image": images.image(SITE, ID),
    "update image": images.update_image(SITE, ID, title="Dog"),
    "delete image": images.delete_image(SITE, ID),
    "captions": images.captions(SITE, ID),
    "ask": images.ask(SITE, ID),
    "read caption": images.read_caption(SITE, ID),
    "vote": images.vote(SITE, ID, 1),
    "withdraw vote": images.withdraw_vote(SITE, ID),
    "heatmap": images.heatmap(SITE, ID),
    "annotations": annotations.annotations(SITE, ID),
    "annotation": annotations.annotation(SITE, ID),
    "edit": annotations.edit(SITE, ID, "en", "A dog.", base_version=0),
    "promote": annotations.promote(SITE, ID, base_version=0),
    "revisions": annotations.revisions(SITE, ID),
    "revert": annotations.revert(SITE, ID, 1, base_version=2),
    "jobs": jobs.jobs(SITE),
    "job": jobs.job(SITE, ID),
    "retry": jobs.retry(SITE, ID),
    "wait": jobs.wait_for(SITE, ID),
    "albums": albums.listed(SITE),
    "album images": albums.images(SITE, ID),
    "album": albums.get(SITE, ID),
    "create album": albums.create(SITE, "Dogs"),
    "update album": albums.update(SITE, ID, title="Dogs"),
    "delete album": albums.delete(SITE, ID),
    "add to album": albums.add(SITE, ID, [ID]),
    "remove from album": albums.remove(SITE, ID, [ID]),
    "move in album": albums.move(SITE, ID, ID, after=ID),
    "webhooks": webhooks.listed(SITE),
    "webhook": webhooks.get(SITE, ID),
    "create webhook": webhooks.create(SITE, "https://example.org/", ["caption.ready"]),
    "update webhook": webhooks.update(SITE, ID, active=False),
    "delete webhook": webhooks.delete(SITE, ID),
    "ping": webhooks.ping(SITE, ID),
    "rotate secret": webhooks.rotate_secret(SITE, ID),
    "deliveries": webhooks.deliveries(SITE, ID),
    "resend": webhooks.resend(SITE, ID),
    "languages": about.languages(SITE),
    "strategies": about.strategies(SITE),
    "models": about.models(SITE),
    "statistics": about.statistics(SITE, of="mine", days=90),
    "me": about.me(SITE),
    "my votes": about.my_votes(SITE),
}


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    """The document of version 2."""
    return json.loads(Client().get("/api/v2/openapi.json").content)


def described(openapi: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """Return what the document says of an operation."""
    for template, operations in openapi["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return operations[method.lower()]
    raise AssertionError(f"{path} is nowhere in the document")


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_described(openapi, name):
    call = CALLS[name]
    effect = next(read_page(call) if isinstance(call, Listing) else call)
    assert isinstance(effect, Send)
    request = effect.request
    path, _, query = request.path.partition("?")
    operation = described(openapi, request.method, path)
    parameters = {one["name"] for one in operation.get("parameters", [])}
    assert {pair.partition("=")[0] for pair in query.split("&") if pair} <= parameters
    assert {"Idempotency-Key"} & set(request.headers) <= parameters
    if request.headers.get("Content-Type") == "application/json":
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        known = openapi["components"]["schemas"][body["$ref"].rpartition("/")[2]]
        assert set(json.loads(request.content)) <= set(known["properties"])


@pytest.mark.parametrize("auth", [JWTAuth("", "refresh"), ClientCredentials("id", "secret")])
def test_tokens_are_renewed_where_the_site_renews_them(auth):
    assert resolve(auth.renewal().path)


@pytest.mark.parametrize(
    "query",
    [
        feeds.FEED + feeds.IMAGE + feeds.CAPTION,
        feeds.UPDATES + feeds.IMAGE + feeds.CAPTION,
        feeds.PROGRESS,
    ],
)
def test_subscriptions_fit_the_schema(query):
    assert validate(schema.graphql_schema, parse(query)) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (figures.CaptionsOfStep, "CaptionsOfStep"),
        (figures.ConfidenceTenth, "Tenth"),
        (figures.EditsOfStep, "EditsOfStep"),
        (figures.Statistics, "Statistics"),
        (figures.VersionFigures, "VersionFigures"),
        (figures.VotesOfStep, "VotesOfStep"),
        (models.Batch, "Batch"),
        (models.BatchItem, "BatchItem"),
        (models.Caption, "Caption"),
        (models.Captioned, "Captioned"),
        (models.Found, "Found"),
        (models.Image, "Image"),
        (models.Job, "Job"),
        (models.Person, "Person"),
        (models.Problem, "Error"),
        (models.Published, "Published"),
        (models.Variant, "Variant"),
        (models.Votes, "Votes"),
        (resources.Album, "Album"),
        (resources.Annotation, "Annotation"),
        (resources.Heatmap, "Heatmap"),
        (resources.HeatmapWord, "HeatWord"),
        (resources.Me, "Me"),
        (resources.ModelVersion, "Version"),
        (resources.Offer, "Language"),
        (resources.Offer, "Strategy"),
        (resources.Revision, "Revision"),
        (resources.Vote, "MyVote"),
        (resources.WebhookDelivery, "Delivery"),
        (resources.WebhookEndpoint, "EndpointSecret"),
    ],
)
def test_the_client_knows_every_field_that_the_site_shows(openapi, kind, name):
    shown = openapi["components"]["schemas"][name]["properties"]
    assert set(shown) <= set(kind.__dataclass_fields__)


def test_the_site_s_signatures_are_the_client_s():
    body = b'{"id":"1","event":"ping","data":{}}'
    headers = {
        signing.SIGNATURE: signing.sign("secret", 1_800_000_000, body),
        signing.TIMESTAMP: "1800000000",
    }
    assert verify_webhook(body, headers, "secret", now=1_800_000_000).event == "ping"
