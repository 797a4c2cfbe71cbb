"""One call to the site: authenticated, within its deadline, through the breaker, retried."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import time

from capsite_client import errors
from capsite_client.auth import Auth, NoAuth
from capsite_client.backoff import Backoff
from capsite_client.breaker import Breakers, CircuitBreaker
from capsite_client.cache import CaptionCache, MemoryCache
from capsite_client.clock import MONOTONIC, Clock, Deadline
from capsite_client.flow import Alone, Flow, Send, Sleep
from capsite_client.problems import error_of
from capsite_client.wire import Answer, Request

RETRIED_STATUSES = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Site:
    """A site and how to talk to it; what changes over time is in the parts, and shared."""

    origin: str
    auth: Auth = field(default_factory=NoAuth)
    backoff: Backoff = field(default_factory=Backoff)
    breakers: Breakers = field(default_factory=Breakers)
    cache: CaptionCache = field(default_factory=MemoryCache)
    timeout: float = 10.0
    seconds: float | None = 120.0  # for a whole call
    locale: str = ""
    clock: Clock = MONOTONIC
    wall: Callable[[], float] = time

    def deadline(self) -> Deadline:
        """Return the deadline of a call that begins now."""
        return Deadline.after(self.clock, self.seconds)

    def within(self, seconds: float | None) -> "Site":
        """Return the same site with another time allowed for each call."""
        return replace(self, seconds=seconds)


def call(site: Site, request: Request, deadline: Deadline | None = None) -> Flow[Answer]:
    """Send a request, renewing the token once where the site says it has ended."""
    deadline = deadline or site.deadline()
    token = yield from authorisation(site, deadline)
    try:
        return (yield from attempts(site, _signed(site, request, token), deadline))
    except errors.SignInRequired as refusal:
        if refusal.status != 401 or not token or site.auth.renewal() is None:
            raise
    token = yield from authorisation(site, deadline, ended=token)
    return (yield from attempts(site, _signed(site, request, token), deadline))


def authorisation(site: Site, deadline: Deadline, ended: str = "") -> Flow[str]:
    """Return a token that is not the ``ended`` one; only one call at a time renews it."""
    token = site.auth.token(site.wall())
    if token is not None and (not ended or token != ended):
        return token
    renewed: str = yield Alone(_renewal(site, deadline, ended))
    return renewed


def _renewal(site: Site, deadline: Deadline, ended: str) -> Flow[str]:
    token = site.auth.token(site.wall())
    if token is not None and (not ended or token != ended):
        return token  # another call renewed it meanwhile
    request = site.auth.renewal()
    if request is not None:
        try:
            answer = yield from attempts(site, request, deadline)
        except errors.RequestRefused as refusal:
            raise _signed_out(refusal) from refusal
        site.auth.renewed(answer, site.wall())
    return site.auth.token(site.wall()) or ""


def _signed_out(refusal: errors.RequestRefused) -> errors.RequestRefused:
    """Say a refused renewal as what it means: the credentials are good no more."""
    if refusal.status not in (400, 401):
        return refusal
    message = f"The site did not renew the token. {refusal.message}"
    code = refusal.code if isinstance(refusal, errors.SignInRequired) else "invalid_grant"
    return errors.SignInRequired(message, code=code, status=refusal.status, data=refusal.data)


def attempts(site: Site, request: Request, deadline: Deadline) -> Flow[Answer]:
    """Send a request as often as it may and must be sent; raise the last error in the end."""
    failures = 0
    while True:
        try:
            return (yield from _attempt(site, request, deadline))
        except errors.CapsiteError as error:
            failures += 1
            pause = site.backoff.pause(failures, error.retry_after)
            if pause is None or not deadline.fits(pause) or not _worth_it(error, request):
                raise
        yield Sleep(pause)


def _worth_it(error: errors.CapsiteError, request: Request) -> bool:
    """Return whether another attempt is harmless and may go better."""
    if not request.repeatable or isinstance(error, errors.CircuitOpen):
        return False
    if isinstance(error, errors.IdempotencyKeyInUse):
        return True  # an attempt that we gave up on is still being answered
    return error.status in RETRIED_STATUSES or (
        isinstance(error, errors.Unavailable) and error.status == 0
    )


def _attempt(site: Site, request: Request, deadline: Deadline) -> Flow[Answer]:
    deadline.check()
    breaker = site.breakers.of(site.origin)
    passed = breaker.enter()
    try:
        answer: Answer = yield Send(site.origin, request, site.timeout, deadline.left())
    except errors.Unavailable:
        breaker.failed(passed)
        raise
    except BaseException:  # cancelled, or a bug of ours: the host is not to blame
        breaker.abandoned(passed)
        raise
    _judge(breaker, passed, answer)
    if answer.status >= 300:
        raise error_of(answer)
    return answer


def _judge(breaker: CircuitBreaker, passed: int, answer: Answer) -> None:
    if answer.status >= 500:
        breaker.failed(passed)
    else:
        breaker.succeeded(passed)


def _signed(site: Site, request: Request, token: str) -> Request:
    return request.with_headers(
        Accept="application/json",
        Accept_Language=site.locale,
        Authorization=f"Bearer {token}" if token else "",
    )
