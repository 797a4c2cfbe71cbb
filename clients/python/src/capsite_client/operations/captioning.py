"""Send a photo, get its captions; or those of before, while the site is out of reach."""

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from capsite_client import errors
from capsite_client.cache import Entry, cache_key
from capsite_client.clock import Deadline
from capsite_client.engine import Site, call
from capsite_client.flow import Flow
from capsite_client.models import Caption, Captioned, Image, Job
from capsite_client.operations.jobs import LONGEST_POLL, await_job
from capsite_client.parsing import parse
from capsite_client.photo import Photo, Source, load
from capsite_client.wire import FilePart, Request, form, get, new_key, send

PATH = "/api/v2/captions"


def caption(
    site: Site,
    source: Source,
    *,
    strategies: Sequence[str] = ("beam",),
    language: str | None = None,
    num: int | None = None,
    visibility: str = "",
    wait: float = 30.0,
    key: str = "",
) -> Flow[Captioned]:
    """Send a photo (a path, bytes or an address) and wait up to ``wait`` seconds for its captions.

    ``language`` is the client's locale, or English, unless it is named; ``num`` is the number of
    candidates of each strategy. When the captions are not there in time, ``ended`` is false, and
    ``wait`` waits on. When the site is out of reach, captions that it gave earlier for the same
    photo and question come, marked ``cached``. Raises JobFailed when nothing could be captioned.
    """
    deadline = site.deadline()
    photo = yield from load(source)
    kept_as = cache_key(site.origin, photo.digest, strategies, language or site.locale, num)
    fields = ask_fields(strategies, language, num)
    if visibility:
        fields["visibility"] = visibility
    try:
        request = _upload(photo, fields, min(wait, LONGEST_POLL), key or new_key())
        body = yield from _captioned(site, request, deadline, wait)
    except (errors.Unavailable, errors.DeadlineExceeded):
        kept = site.cache.get(kept_as)
        if kept is None:
            raise
        return _of_cache(kept)
    result = _result(body)
    if result.ended and result.captions:
        site.cache.put(kept_as, {"at": datetime.now(timezone.utc).isoformat(), "body": body})
    return result


def ask_fields(strategies: Sequence[str], language: str | None, num: int | None) -> dict[str, Any]:
    """Return the fields that say which captions are wanted; the site knows what else to do."""
    fields = {"strategies": list(strategies), "language": language, "num": num}
    return {name: value for name, value in fields.items() if value is not None}


def _upload(photo: Photo, fields: dict[str, Any], wait: float, key: str) -> Request:
    fields = fields | {"wait": int(wait)}
    if photo.url:
        return send("POST", PATH, fields | {"url": photo.url}, key=key, patience=wait)
    pairs = [(name, str(part)) for name, value in fields.items() for part in _each(value)]
    file = FilePart("image", photo.name, photo.data)
    return form(PATH, pairs, [file], key=key, patience=wait)


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _captioned(site: Site, request: Request, deadline: Deadline, wait: float) -> Flow[Entry]:
    """Upload, wait for the jobs that are not done, and return it all as one JSON object."""
    patience = deadline.sooner(wait)
    answer = yield from call(site, request, deadline)
    body = answer.object()
    open_jobs = [job for job in body.get("jobs", []) if not parse(Job, job).ended]
    if not open_jobs or patience.left() <= 0:
        return body
    return (yield from _followed(site, body, deadline, patience))


def _followed(site: Site, body: Entry, deadline: Deadline, patience: Deadline) -> Flow[Entry]:
    jobs = []
    for job in body["jobs"]:
        jobs.append((yield from await_job(site, job, patience)))
    image = parse(Image, body.get("image")).id
    known = yield from call(site, get(f"/api/v2/images/{image}"), deadline)
    found = yield from call(site, get(f"/api/v2/images/{image}/captions", {"limit": 100}), deadline)
    captions = [item for item in found.object().get("results", []) if _asked_for(item, jobs)]
    return {"image": known.object(), "jobs": jobs, "captions": captions}


def _asked_for(item: Any, jobs: list[Any]) -> bool:
    """Return whether a caption answers one of the jobs; English stands in where another failed."""
    written = parse(Caption, item)
    return any(
        written.strategy == job.strategy
        and written.language in (job.language, "en")
        and written.rank < max(job.num, 1)
        for job in (parse(Job, job) for job in jobs)
    )


def _result(body: Entry) -> Captioned:
    result = parse(Captioned, body)
    failures = [job for job in result.jobs if job.state == "failed"]
    if failures and len(failures) == len(result.jobs) and not result.captions:
        reason = failures[0].error
        raise errors.JobFailed(
            reason.message if reason else "The photo could not be captioned.",
            code=reason.code if reason else "",
            data=body,
        )
    return result


def _of_cache(kept: Entry) -> Captioned:
    return parse(Captioned, kept["body"] | {"cached": True, "cached_at": kept["at"]})
