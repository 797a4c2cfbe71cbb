"""Photos, their captions, and finding them."""

from collections.abc import Sequence
from datetime import datetime

from capsite_client.engine import Site, call
from capsite_client.flow import Flow, Sleep
from capsite_client.listing import Listing
from capsite_client.models import Caption, Found, Image, Job
from capsite_client.operations.captioning import ask_fields
from capsite_client.parsing import parse
from capsite_client.resources import Heatmap
from capsite_client.wire import get, new_key, send


def images(
    site: Site,
    *,
    owner: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> Listing[Image]:
    """List photos, newest first; ``owner`` is a member's name or "me".

    ``limit`` is the size of a page, here and in every list.
    """
    query = {"owner": owner, "since": since, "until": until, "limit": limit}
    return Listing(site, Image, "/api/v2/images", query)


def search(
    site: Site,
    text: str,
    *,
    language: str | None = None,
    strategy: str | None = None,
    min_confidence: float | None = None,
    uploader: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> Listing[Found]:
    """Find photos by what their captions, texts and titles say, the best match first."""
    words = {"q": text, "language": language, "strategy": strategy, "uploader": uploader}
    bounds = {"min_confidence": min_confidence, "since": since, "until": until, "limit": limit}
    return Listing(site, Found, "/api/v2/search", words | bounds)


def image(site: Site, image_id: str) -> Flow[Image]:
    """Read one photo."""
    answer = yield from call(site, get(f"/api/v2/images/{image_id}"))
    return parse(Image, answer.json())


def update_image(
    site: Site, image_id: str, *, title: str | None = None, visibility: str | None = None
) -> Flow[Image]:
    """Change the title or visibility of a photo of yours; the rest stays."""
    changes = {"title": title, "visibility": visibility}
    body = {name: value for name, value in changes.items() if value is not None}
    # To set what is set already changes nothing, so this may be repeated.
    request = send("PATCH", f"/api/v2/images/{image_id}", body, repeatable=True)
    answer = yield from call(site, request)
    return parse(Image, answer.json())


def delete_image(site: Site, image_id: str) -> Flow[None]:
    """Delete a photo of yours with everything that belongs to it."""
    yield from call(site, send("DELETE", f"/api/v2/images/{image_id}"))


def captions(
    site: Site,
    image_id: str,
    *,
    language: str | None = None,
    strategy: str | None = None,
    min_confidence: float | None = None,
    limit: int | None = None,
) -> Listing[Caption]:
    """List the captions of a photo, the most confident first."""
    query = {"language": language, "strategy": strategy, "min_confidence": min_confidence}
    path = f"/api/v2/images/{image_id}/captions"
    return Listing(site, Caption, path, query | {"limit": limit})


def ask(
    site: Site,
    image_id: str,
    *,
    strategies: Sequence[str] = ("beam",),
    language: str | None = None,
    num: int | None = None,
) -> Flow[tuple[Job, ...]]:
    """Ask for more captions of a photo that the site has; returns the jobs, to be waited for."""
    fields = ask_fields(strategies, language, num)
    path = f"/api/v2/images/{image_id}/captions"
    answer = yield from call(site, send("POST", path, fields, key=new_key()))
    return tuple(parse(Job, item) for item in answer.object().get("jobs", []))


def read_caption(site: Site, caption_id: str) -> Flow[Caption]:
    """Read one caption."""
    answer = yield from call(site, get(f"/api/v2/captions/{caption_id}"))
    return parse(Caption, answer.json())


def vote(
    site: Site, caption_id: str, value: int, *, harmful: bool = False, reason: str = ""
) -> Flow[Caption]:
    """Vote 1 or -1 on a caption, in place of your vote before; ``harmful`` calls a moderator."""
    body = {"value": value, "harmful": harmful, "reason": reason}
    answer = yield from call(site, send("PUT", f"/api/v2/captions/{caption_id}/vote", body))
    return parse(Caption, answer.json())


def withdraw_vote(site: Site, caption_id: str) -> Flow[None]:
    """Take your vote back."""
    yield from call(site, send("DELETE", f"/api/v2/captions/{caption_id}/vote"))


def heatmap(site: Site, caption_id: str, *, method: str = "attention") -> Flow[Heatmap]:
    """Return where the captioner looked for each word; the first time this takes seconds."""
    deadline = site.deadline()
    request = get(f"/api/v2/captions/{caption_id}/heatmap", {"method": method})
    while True:
        answer = yield from call(site, request, deadline)
        if answer.status != 202:
            return parse(Heatmap, answer.json())
        pause = answer.retry_after() or 1.0
        deadline.check()
        yield Sleep(deadline.clip(pause))
