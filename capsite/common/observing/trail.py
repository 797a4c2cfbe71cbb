"""What this moment is about: the request, job and photo that every log line then carries."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import SimpleLazyObject, empty

# One line for each step of a photo's way; shown with CAPSITE_LOG=json.
TRAIL = logging.getLogger("capsite.trail")


@dataclass
class Visit:
    """One HTTP request or WebSocket; Django's request joins it once there is one."""

    request_id: str
    request: Any = None

    @property
    def route(self) -> str:
        """The pattern that answered, without anybody's ids; empty where none did."""
        match = getattr(self.request, "resolver_match", None)
        return str(match.route) if match else ""

    @property
    def user_id(self) -> Any:
        """Who asks, if that was found out already: a log line never asks the database."""
        known = getattr(self.request, "__dict__", {})
        user = known.get("user")
        if isinstance(user, SimpleLazyObject) and user.__dict__.get("_wrapped") is empty:
            user = known.get("_cached_user")
        return getattr(user, "pk", None)


class Job(Protocol):
    """What a job's lines name of it."""

    pk: Any
    image_id: Any
    request_id: str


visit: ContextVar[Visit | None] = ContextVar("visit", default=None)
_job: ContextVar[dict[str, str] | None] = ContextVar("job", default=None)


def request_id() -> str:
    """Return the id of the request that this is done for; empty where there is none."""
    here = visit.get()
    return here.request_id if here else (_job.get() or {}).get("request", "")


@contextmanager
def about_job(job: Job) -> Iterator[None]:
    """Say that everything within is about ``job``, and the request that asked for it."""
    token = _job.set(job_facts(job))
    try:
        yield
    finally:
        _job.reset(token)


def job_facts(job: Job) -> dict[str, str]:
    """Return the ids that lead from a job's upload to its captions."""
    facts = {"request": job.request_id, "job": str(job.pk), "image": str(job.image_id)}
    return {name: value for name, value in facts.items() if value}


def facts() -> dict[str, Any]:
    """Return the ids of this moment: request, user, job and image, those that are known."""
    known: dict[str, Any] = dict(_job.get() or {})
    here = visit.get()
    if here is not None:
        known["request"] = here.request_id
        if here.user_id is not None:
            known["user"] = here.user_id
    return known


def step(words: str, **named: Any) -> None:
    """Note one step of a photo's way; ``named`` stands beside the ids of this moment."""
    if TRAIL.isEnabledFor(logging.INFO):
        TRAIL.info(words, extra={"facts": named})
