"""The published texts of photos: read, edit, promote, look back and go back."""

from capsite_client.engine import Site, call
from capsite_client.flow import Flow
from capsite_client.listing import Listing
from capsite_client.parsing import parse
from capsite_client.resources import Annotation, Revision
from capsite_client.wire import Request, new_key, send
from capsite_client.wire import get as reading


def annotations(site: Site, image_id: str) -> Listing[Annotation]:
    """List the published texts of a photo, one for each language."""
    return Listing(site, Annotation, f"/api/v2/images/{image_id}/annotations", {})


def annotation(site: Site, annotation_id: str) -> Flow[Annotation]:
    """Read one published text."""
    return (yield from _annotation(site, reading(f"/api/v2/annotations/{annotation_id}")))


def edit(
    site: Site,
    image_id: str,
    language: str,
    text: str,
    *,
    base_version: int,
    caption: str | None = None,
) -> Flow[Annotation]:
    """Publish a text for a photo in a language; ``base_version`` is that of the text you read.

    It is 0 where there is none yet. Raises EditConflict, with the text and version that stand now,
    when somebody else was first.
    """
    body = {"text": text, "base_version": base_version}
    path = f"/api/v2/images/{image_id}/annotations/{language}"
    request = send("PUT", path, body | ({"caption": caption} if caption else {}), repeatable=False)
    return (yield from _annotation(site, request))


def promote(site: Site, caption_id: str, *, base_version: int) -> Flow[Annotation]:
    """Publish a caption's text; raises EditConflict as ``edit`` does."""
    body = {"base_version": base_version}
    path = f"/api/v2/captions/{caption_id}/promote"
    return (yield from _annotation(site, send("POST", path, body, key=new_key())))


def revisions(site: Site, annotation_id: str, *, limit: int | None = None) -> Listing[Revision]:
    """List what a published text was before, newest first."""
    path = f"/api/v2/annotations/{annotation_id}/revisions"
    return Listing(site, Revision, path, {"limit": limit})


def revert(site: Site, annotation_id: str, number: int, *, base_version: int) -> Flow[Annotation]:
    """Publish the text of a former revision again; raises EditConflict as ``edit`` does."""
    body = {"number": number, "base_version": base_version}
    path = f"/api/v2/annotations/{annotation_id}/revert"
    return (yield from _annotation(site, send("POST", path, body, key=new_key())))


def _annotation(site: Site, request: Request) -> Flow[Annotation]:
    answer = yield from call(site, request)
    return parse(Annotation, answer.json())
