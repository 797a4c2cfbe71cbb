"""Jobs: list them, wait for one, try a failed one again."""

from typing import Any

from capsite_client import errors
from capsite_client.clock import Deadline
from capsite_client.engine import Site, call
from capsite_client.flow import Flow, Sleep
from capsite_client.listing import Listing
from capsite_client.models import Job
from capsite_client.parsing import parse
from capsite_client.wire import Answer, get, new_key, send

LONGEST_POLL = 30.0  # seconds the site holds a request at most
PAUSE = 0.5  # seconds to the next question where the site answered at once and named no time


def jobs(
    site: Site,
    *,
    state: str | None = None,
    image: str | None = None,
    limit: int | None = None,
) -> Listing[Job]:
    """List the jobs of photos that you may see, newest first."""
    return Listing(site, Job, "/api/v2/jobs", {"state": state, "image": image, "limit": limit})


def job(site: Site, job_id: str) -> Flow[Job]:
    """Read one job."""
    answer = yield from call(site, get(f"/api/v2/jobs/{job_id}"))
    return parse(Job, answer.json())


def retry(site: Site, job_id: str) -> Flow[Job]:
    """Ask again for what a failed job asked: a new job, or the one that is active or done."""
    request = send("POST", f"/api/v2/jobs/{job_id}/retry", key=new_key())
    answer = yield from call(site, request)
    return parse(Job, answer.json())


def wait_for(site: Site, job: Job | str, *, seconds: float = 120.0) -> Flow[Job]:
    """Wait until a job is done; raises JobFailed, or DeadlineExceeded after ``seconds``."""
    job_id = job if isinstance(job, str) else job.id
    patience = site.deadline().sooner(seconds)
    ended = parse(Job, (yield from await_job(site, {"id": job_id}, patience)))
    if ended.state == "failed":
        reason = ended.error
        raise errors.JobFailed(
            reason.message if reason else "The job failed.", code=reason.code if reason else ""
        )
    if not ended.ended:
        raise errors.DeadlineExceeded(f"The job is still {ended.state or 'waiting'}.")
    return ended


def await_job(site: Site, known: dict[str, Any], patience: Deadline) -> Flow[dict[str, Any]]:
    """Ask until a job has ended or patience has; return what is known of it as JSON."""
    while not parse(Job, known).ended and patience.left() > 0:
        began = site.clock()
        answer = yield from _long_poll(site, parse(Job, known).id, patience)
        if answer is None:
            break
        known = answer.object()
        if parse(Job, known).ended:
            break
        held = site.clock() - began > PAUSE
        pause = answer.retry_after()
        if pause is None:
            pause = 0.0 if held else PAUSE
        yield Sleep(patience.clip(pause))
    return known


def _long_poll(site: Site, job_id: str, patience: Deadline) -> Flow[Answer | None]:
    """Ask once, for as long as the site holds; None when patience ended meanwhile."""
    held = int(patience.clip(LONGEST_POLL))
    request = get(f"/api/v2/jobs/{job_id}", {"wait": held or None}, patience=held)
    try:
        return (yield from call(site, request, patience.sooner(held + site.timeout)))
    except (errors.TimedOut, errors.DeadlineExceeded):
        if patience.left() > 0:
            raise
        return None
