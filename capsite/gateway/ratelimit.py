"""Who asked too often: one check for REST, GraphQL, sockets, uploads and sign-in."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext as _
from limits import parse_many

from capsite.accounts.grants import Grant, grant_of, person_grant
from capsite.accounts.scopes import role_of
from capsite.common.errors import CapsiteError
from capsite.common.notices import notice
from capsite.gateway.addresses import address_group, address_of
from capsite.gateway.store import StoreAway, peek, take, take_here, violations
from capsite.gateway.windows import Limit, Window

VIOLATED = "rate_limit.violated"
SIGN_IN = "sign_in"
PROGRAMS = ("token", "oauth")


@dataclass(frozen=True)
class RateState:
    """What is left of every limit that counted a request; no windows while Redis is away."""

    windows: tuple[Window, ...] = ()

    @property
    def tightest(self) -> Window | None:
        """Return the window that will be full first."""
        return min(self.windows, key=lambda one: one.remaining / one.limit.quota, default=None)


class RateLimited(CapsiteError):
    """Asked too often; ``state`` says what is left, ``data`` when to ask again."""

    def __init__(self, state: RateState, retry_after: int) -> None:
        message = _("Too many requests. Try again in %(seconds)s seconds.") % {
            "seconds": retry_after
        }
        super().__init__("rate_limited", message, status=429, retry_after=retry_after)
        self.state = state


def rate_check(*, grant: Grant, person: Any, address: str, scope: str, cost: int = 1) -> RateState:
    """Count ``cost`` requests of ``scope``, or raise RateLimited and count none of them.

    ``scope`` is one of settings.CAPSITE_RATES. While Redis is away everything is let through but
    what CAPSITE_RATES_WITHOUT_REDIS names.
    """
    limits = _limits(grant, person, address, scope)
    try:
        allowed, windows = take(limits, cost)
    except StoreAway:
        return _checked_here(scope, address)
    state = RateState(tuple(windows))
    if not allowed:
        _note_violation(person, address, scope)
        raise RateLimited(state, max(one.wait(min(cost, one.limit.quota)) for one in windows) or 1)
    return state


def rate_usage(*, grant: Grant, person: Any, address: str) -> dict[str, list[Window]]:
    """Return by scope what is left of the limits that count ``person``, and count nothing.

    Empty while Redis is away. Sign-in is left out, which is counted by address for whoever asks.
    """
    limits = {
        scope: _limits(grant, person, address, scope)
        for scope in settings.CAPSITE_RATES
        if scope != SIGN_IN
    }
    try:
        windows = iter(peek([limit for group in limits.values() for limit in group]))
    except StoreAway:
        return {}
    return {scope: list(islice(windows, len(group))) for scope, group in limits.items()}


def rate_request(request: Any, *, scope: str, cost: int = 1) -> RateState:
    """Check a Django or DRF request, and note on it what the answer's headers will say."""
    return _noted(request, person=request.user, grant=grant_of(request), scope=scope, cost=cost)


def rate_stranger(request: HttpRequest, *, scope: str) -> RateState:
    """Check a request by its address alone, whoever sent it."""
    nobody = AnonymousUser()
    return _noted(request, person=nobody, grant=person_grant(nobody), scope=scope, cost=1)


def _noted(request: Any, *, person: Any, grant: Grant, scope: str, cost: int) -> RateState:
    noted = getattr(request, "_request", request)  # DRF wraps Django's
    address = address_of(noted)
    try:
        state = rate_check(grant=grant, person=person, address=address, scope=scope, cost=cost)
    except RateLimited as refusal:
        noted.rate_state, noted.rate_retry_after = refusal.state, refusal.data["retry_after"]
        raise
    noted.rate_state = state
    return state


def _limits(grant: Grant, person: Any, address: str, scope: str) -> list[Limit]:
    """Return every limit that counts this request, the shortest window of each subject first."""
    rates = settings.CAPSITE_RATES[scope]
    factor = settings.CAPSITE_RATE_FACTOR
    return [
        Limit(
            name=f"{scope}-{who}-{item.get_expiry()}",
            key=f"{scope}/{identity}",
            quota=item.amount * factor,
            seconds=item.get_expiry(),
        )
        for who, identity in _subjects(grant, person, address, scope)
        for item in parse_many(rates[who])
    ]


def _subjects(grant: Grant, person: Any, address: str, scope: str) -> list[tuple[str, str]]:
    """Return who is counted, each as the name of a rate and an identity."""
    if scope == SIGN_IN or not person.is_authenticated:
        return [("visitor", f"address:{address_group(address)}")]
    subjects = [(str(role_of(person)), f"person:{person.pk}")]
    if grant.kind in PROGRAMS:
        # An OAuth client gets a new access token every few minutes, and the same limit.
        program = f"client:{grant.client}:{person.pk}" if grant.kind == "oauth" else grant.id
        subjects.insert(0, ("token", program))
    return subjects


def _checked_here(scope: str, address: str) -> RateState:
    full = take_here(scope, address_group(address))
    if full is not None:
        raise RateLimited(RateState((full,)), full.wait(1) or 1)
    return RateState()


def _note_violation(person: Any, address: str, scope: str) -> None:
    """Tell administrators of an identity that keeps on asking, once a period."""
    known = scope != SIGN_IN and person.is_authenticated
    identity = f"person:{person.pk}" if known else f"address:{address_group(address)}"
    if violations(identity) == settings.CAPSITE_RATE_VIOLATIONS:
        notice(
            VIOLATED,
            identity=identity,
            address=address,
            scope=scope,
            count=settings.CAPSITE_RATE_VIOLATIONS,
            seconds=settings.CAPSITE_RATE_VIOLATION_SECONDS,
        )
