"""Subscriptions: what happens on the site, as it happens."""

from collections.abc import Mapping
from typing import Any, TypeVar

from capsite_client.engine import Site
from capsite_client.models import CaptionUpdate, FeedEvent, Job
from capsite_client.parsing import parse
from capsite_client.subscriptions import Subscription

T = TypeVar("T")

# Named as REST names it, so that the same classes read both.
CAPTION = """fragment C on Caption {
  id: uuid image { id: uuid } text confidence level log_probability: logProbability strategy
  language origin rank model { name revision } votes { up down mine } created_at: createdAt
}"""
IMAGE = """fragment I on Image {
  id: uuid title url owner { name } width height format size sha256 visibility
  created_at: createdAt variants { name width height url } state best_caption: bestCaption { ...C }
}"""
FEED = "subscription { imageFeed { kind id: uuid image { ...I } } }"
UPDATES = """subscription ($id: ID!) { captionUpdated(imageId: $id) {
  kind caption { ...C } image { ...I captions(first: 50) { edges { node { ...C } } } }
} }"""
PROGRESS = """subscription ($id: ID!) { jobProgress(jobId: $id) {
  id: uuid image { id: uuid } state strategy language num error { code message }
  created_at: createdAt started_at: startedAt finished_at: finishedAt
} }"""
CHOICES = {"kind", "state", "strategy", "origin", "visibility"}


def subscribe(
    site: Site, query: str, variables: Mapping[str, Any] | None = None
) -> Subscription[Any]:
    """Run any GraphQL subscription; each value is its ``data`` as it comes."""
    return Subscription(site, query, variables or {}, lambda data: data)


def image_feed(site: Site) -> Subscription[FeedEvent]:
    """Follow the photos of the gallery as they come, change and go."""
    return _typed(site, FEED + IMAGE + CAPTION, {}, "imageFeed", FeedEvent)


def caption_updates(site: Site, image_id: str) -> Subscription[CaptionUpdate]:
    """Follow one photo's captions, votes and texts, from how they are now until it is gone."""
    query = UPDATES + IMAGE + CAPTION
    return _typed(site, query, {"id": image_id}, "captionUpdated", CaptionUpdate)


def job_progress(site: Site, job_id: str) -> Subscription[Job]:
    """Follow one job, from how it is now to its end."""
    return _typed(site, PROGRESS, {"id": job_id}, "jobProgress", Job)


def _typed(
    site: Site, query: str, variables: dict[str, Any], root: str, kind: type[T]
) -> Subscription[T]:
    return Subscription(site, query, variables, lambda data: parse(kind, as_rest(data.get(root))))


def as_rest(value: Any, name: str = "") -> Any:
    """Return GraphQL's data in the shape of REST's: plain lists, ids and choices."""
    if isinstance(value, list):
        return [as_rest(item) for item in value]
    if name in CHOICES and isinstance(value, str):
        return value.lower()
    if name == "mine":
        return value or None
    if not isinstance(value, dict):
        return value
    if value.keys() == {"edges"}:
        return [as_rest(edge.get("node")) for edge in value["edges"]]
    if value.keys() == {"id"}:
        return value["id"]
    if name == "model":
        return f"{value.get('name')} {value.get('revision')}"
    return {inner: as_rest(item, inner) for inner, item in value.items()}
