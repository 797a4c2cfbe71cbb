"""The audit log's only writer: what concerns safety is noted with who, whom and from where."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from capsite.accounts.models import AuditEvent, User
from capsite.accounts.models import AuditKind as Kind
from capsite.accounts.scopes import Person

__all__ = ["Kind", "acting", "address_from", "note", "signed_in"]

NAME_LENGTH = 150


@dataclass(frozen=True)
class _Hand:
    """Whose request is under way."""

    person: Person
    address: str | None


_acting: ContextVar[_Hand | None] = ContextVar("acting", default=None)


@contextmanager
def acting(request: HttpRequest) -> Iterator[None]:
    """Note what happens meanwhile as done by the person of this request, for others perhaps."""
    before = _acting.set(_Hand(request.user, address_from(request)))
    try:
        yield
    finally:
        _acting.reset(before)


def note(
    kind: Kind,
    *,
    by: Person | str | None = None,
    about: User | None = None,
    request: HttpRequest | None = None,
    facts: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one line, in the caller's transaction: what is undone was never noted.

    ``by`` is a person, or the name of a program such as ``worker``; an administrator who is
    ``acting`` counts before it.
    """
    hand = _acting.get()
    actor = hand.person if hand else by
    address = hand.address if hand else address_from(request)
    actor_id, actor_name = _named(actor)
    subject_id, subject = _named(about)
    return AuditEvent.objects.create(
        kind=kind,
        actor_id=actor_id,
        actor=actor_name,
        subject_id=subject_id,
        subject=subject,
        address=address,
        facts=dict(facts or {}),
    )


def signed_in(request: HttpRequest, person: User) -> AuditEvent:
    """Note a sign-in and by what: password, passkey, second factor, another site."""
    from allauth.account.authentication import get_authentication_records

    records = get_authentication_records(request, person)
    methods = list(dict.fromkeys(str(each.get("type") or each["method"]) for each in records))
    facts = {"methods": methods}
    return note(Kind.SIGNED_IN, by=person, about=person, request=request, facts=facts)


def address_from(request: HttpRequest | None) -> str | None:
    """Return where a request came from, believing our own proxies alone; None where unknown."""
    if request is None:
        return None
    # allauth's adapter reads models of its own, which are not loaded yet when we are.
    from allauth.account.adapter import get_adapter

    try:
        return get_adapter().get_client_ip(request) or None
    except PermissionDenied:  # allauth refuses an address that is none
        return None


def _named(who: Person | str | None) -> tuple[int | None, str]:
    if who is None or isinstance(who, AnonymousUser):
        return None, ""
    if isinstance(who, str):
        return None, who[:NAME_LENGTH]
    return who.pk, who.get_username()[:NAME_LENGTH]
