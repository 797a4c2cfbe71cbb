"""Makes, uses and revokes personal tokens; nothing else writes their rows."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from capsite.accounts import audit
from capsite.accounts.endings import grants_end_on_commit
from capsite.accounts.grant import token_grant_id
from capsite.accounts.models import PersonalToken, User
from capsite.accounts.scopes import Scope, scopes_of
from capsite.common.errors import CapsiteError, NotFound

PREFIX = "cap_"
MOST_DAYS = 366
MOST_TOKENS = 50
USE_NOTED_EVERY = timedelta(minutes=1)


def token_digest(raw: str) -> str:
    """Return what is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(raw.encode()).hexdigest()


@transaction.atomic
def token_create(
    *, person: User, name: str, scopes: Iterable[str], expires_at: datetime
) -> tuple[PersonalToken, str]:
    """Make a token and return it with its secret, which is shown once and kept nowhere."""
    User.objects.select_for_update().get(pk=person.pk)  # two at once do not exceed the limit
    _require_room(person)
    raw = PREFIX + secrets.token_urlsafe(32)
    token = PersonalToken.objects.create(
        person=person,
        name=_checked_name(name),
        scopes=_checked_scopes(person, scopes),
        expires_at=_checked_expiry(expires_at),
        prefix=raw[:10],
        digest=token_digest(raw),
    )
    facts = {"token": token.name, "scopes": token.scopes}
    audit.note(audit.Kind.TOKEN_CREATED, by=person, about=person, facts=facts)
    return token, raw


@transaction.atomic
def token_revoke(*, person: User, token_id: UUID | str) -> None:
    """Make a token useless at once and close what it opened; again is no error."""
    token = PersonalToken.objects.filter(pk=token_id, person=person).first()
    if token is None:
        raise NotFound(_("You have no such token."))
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        grants_end_on_commit([token_grant_id(token.pk)])
        facts = {"token": token.name}
        audit.note(audit.Kind.TOKEN_REVOKED, by=person, about=person, facts=facts)


def token_used(*, token: PersonalToken) -> None:
    """Note that a token was used, at most once a minute."""
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        PersonalToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _require_room(person: User) -> None:
    alive = PersonalToken.objects.filter(
        person=person, revoked_at__isnull=True, expires_at__gt=timezone.now()
    )
    if alive.count() >= MOST_TOKENS:
        raise CapsiteError(
            "too_many_tokens",
            _("You have %(most)d tokens, which is the most. Revoke one first.")
            % {"most": MOST_TOKENS},
            status=409,
        )


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 80 or "\x00" in name:
        message = _("Give the token a name of 1 to 80 characters, such as the program's.")
        raise CapsiteError("name_invalid", message, field="name")
    return name


def _checked_scopes(person: User, scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    allowed = {scope.value for scope in scopes_of(person)}
    if not wanted or not wanted <= allowed:
        message = _("Choose at least one scope of: %(allowed)s.") % {
            "allowed": ", ".join(scope.value for scope in Scope if scope.value in allowed)
        }
        raise CapsiteError("scopes_invalid", message, field="scopes", allowed=sorted(allowed))
    return [scope.value for scope in Scope if scope.value in wanted]


def _checked_expiry(expires_at: datetime) -> datetime:
    now = timezone.now()
    if timezone.is_naive(expires_at):
        expires_at = timezone.make_aware(expires_at)
    if not now < expires_at <= now + timedelta(days=MOST_DAYS):
        message = _("A token expires between now and %(days)d days from now.") % {"days": MOST_DAYS}
        raise CapsiteError("expires_at_invalid", message, field="expires_at")
    return expires_at
