"""What the site says of itself and of you."""

from typing import Any

from capsite_client.engine import Site, call
from capsite_client.figures import Statistics
from capsite_client.flow import Flow
from capsite_client.listing import Listing
from capsite_client.parsing import parse
from capsite_client.resources import Me, ModelVersion, Offer, Vote
from capsite_client.wire import get


def languages(site: Site) -> Flow[tuple[Offer, ...]]:
    """Return the languages that captions can be asked for in."""
    return (yield from _offers(site, "/api/v2/languages"))


def strategies(site: Site) -> Flow[tuple[Offer, ...]]:
    """Return the ways in which captions can be written."""
    return (yield from _offers(site, "/api/v2/strategies"))


def models(site: Site) -> Listing[ModelVersion]:
    """List the versions of the captioner, newest first."""
    return Listing(site, ModelVersion, "/api/v2/models", {})


def statistics(site: Site, *, of: str = "public", days: str | int = "30") -> Flow[Statistics]:
    """Return what was captioned, voted and edited over 7, 30 or 90 ``days``, or "all".

    ``of`` is "public", "mine", or "all", which administrators alone may ask for.
    """
    answer = yield from call(site, get("/api/v2/statistics", {"of": of, "days": days}))
    return parse(Statistics, answer.json())


def me(site: Site) -> Flow[Me]:
    """Return who the token speaks for, and what it may do."""
    answer = yield from call(site, get("/api/v2/me"))
    return parse(Me, answer.json())


def my_votes(site: Site, *, limit: int | None = None) -> Listing[Vote]:
    """List your votes, newest first."""
    return Listing(site, Vote, "/api/v2/me/votes", {"limit": limit})


def _offers(site: Site, path: str) -> Flow[tuple[Offer, ...]]:
    answer = yield from call(site, get(path))
    found: Any = answer.json()
    listed = found.get("results", []) if isinstance(found, dict) else found
    return tuple(parse(Offer, item) for item in listed)
