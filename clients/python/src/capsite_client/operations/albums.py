"""Albums: photos that somebody put together."""

from collections.abc import Iterable

from capsite_client.engine import Site, call
from capsite_client.flow import Flow
from capsite_client.listing import Listing
from capsite_client.models import Image
from capsite_client.parsing import parse
from capsite_client.resources import Album
from capsite_client.wire import Request, new_key, send
from capsite_client.wire import get as reading

PATH = "/api/v2/albums"


def listed(site: Site, *, owner: str | None = None, limit: int | None = None) -> Listing[Album]:
    """List the albums that you may see; ``owner`` is a member's name or "me"."""
    return Listing(site, Album, PATH, {"owner": owner, "limit": limit})


def images(site: Site, album_id: str, *, limit: int | None = None) -> Listing[Image]:
    """List an album's photos in its order, those that you may see."""
    return Listing(site, Image, f"{PATH}/{album_id}/images", {"limit": limit})


def get(site: Site, album_id: str) -> Flow[Album]:
    """Read one album."""
    return (yield from _album(site, reading(f"{PATH}/{album_id}")))


def create(
    site: Site, title: str, *, description: str = "", visibility: str = "private"
) -> Flow[Album]:
    """Make an empty album; ``visibility`` is "public", "unlisted" or "private"."""
    body = {"title": title, "description": description, "visibility": visibility}
    return (yield from _album(site, send("POST", PATH, body, key=new_key())))


def update(
    site: Site,
    album_id: str,
    *,
    title: str | None = None,
    description: str | None = None,
    visibility: str | None = None,
) -> Flow[Album]:
    """Change an album of yours; what is not named stays."""
    changes = {"title": title, "description": description, "visibility": visibility}
    body = {name: value for name, value in changes.items() if value is not None}
    return (yield from _album(site, send("PATCH", f"{PATH}/{album_id}", body, repeatable=True)))


def delete(site: Site, album_id: str) -> Flow[None]:
    """Delete an album of yours; its photos stay."""
    yield from call(site, send("DELETE", f"{PATH}/{album_id}"))


def add(site: Site, album_id: str, image_ids: Iterable[str]) -> Flow[Album]:
    """Put photos into an album; those that are in it already stay once."""
    body = {"images": list(image_ids)}
    path = f"{PATH}/{album_id}/images"
    return (yield from _album(site, send("POST", path, body, repeatable=True)))


def remove(site: Site, album_id: str, image_ids: Iterable[str]) -> Flow[Album]:
    """Take photos out of an album."""
    body = {"images": list(image_ids)}
    return (yield from _album(site, send("DELETE", f"{PATH}/{album_id}/images", body)))


def move(site: Site, album_id: str, image_id: str, *, after: str | None = None) -> Flow[Album]:
    """Put a photo of an album right after another one of it, or first."""
    path = f"{PATH}/{album_id}/images/{image_id}/place"
    return (yield from _album(site, send("PUT", path, {"after": after})))


def _album(site: Site, request: Request) -> Flow[Album]:
    answer = yield from call(site, request)
    return parse(Album, answer.json())
