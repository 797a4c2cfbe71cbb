"""The only writer of idempotency keys: claim one, keep its answer, free it, purge the old."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.gateway.models import IdempotencyKey

RETRY_AFTER_SECONDS = 1


def key_claim(*, identity: str, key: str, fingerprint: str) -> IdempotencyKey:
    """Return the row of a key: ours to run while its status is null, else with its answer.

    Of requests that come at once exactly one gets the row; the others raise CapsiteError
    ``idempotency_key_in_use``. Another request than the key was first sent with raises
    ``idempotency_key_reused``. Call outside a transaction: the row must be seen at once.
    """
    claim = uuid.uuid4()
    row, made = IdempotencyKey.objects.get_or_create(
        identity=identity, key=key, defaults={"fingerprint": fingerprint, "claim": claim}
    )
    if made or _taken_over(row, fingerprint, claim):
        return row
    if row.fingerprint != fingerprint:
        message = _("This Idempotency-Key was used for another request. Send a new key.")
        raise CapsiteError("idempotency_key_reused", message, status=422, field="Idempotency-Key")
    if row.status is None:
        message = _("The first request with this Idempotency-Key is still at work.")
        raise CapsiteError(
            "idempotency_key_in_use",
            message,
            status=409,
            field="Idempotency-Key",
            retry_after=RETRY_AFTER_SECONDS,
        )
    return row


def key_keep(row: IdempotencyKey, *, status: int, headers: dict[str, str], body: bytes) -> None:
    """Keep the answer, unless somebody took the key over since."""
    _mine(row).update(status=status, headers=headers, body=body)


def key_free(row: IdempotencyKey) -> None:
    """Let the next request with the key run."""
    _mine(row).delete()


def keys_purge() -> int:
    """Delete the keys that are too old to answer; return how many."""
    return IdempotencyKey.objects.filter(_expired()).delete()[0]


def _mine(row: IdempotencyKey) -> Any:
    return IdempotencyKey.objects.filter(pk=row.pk, claim=row.claim, status__isnull=True)


def _taken_over(row: IdempotencyKey, fingerprint: str, claim: uuid.UUID) -> bool:
    """Take a key that is too old, or whose request was cut off; one of several takers does."""
    lease = timedelta(seconds=settings.CAPSITE_IDEMPOTENCY_LEASE_SECONDS)
    cut_off = Q(status__isnull=True, fingerprint=fingerprint, claimed_at__lt=Now() - lease)
    free = IdempotencyKey.objects.filter(_expired() | cut_off, pk=row.pk, claim=row.claim)
    values = {"fingerprint": fingerprint, "claim": claim, "claimed_at": Now(), "status": None}
    if not free.update(**values):
        return False
    row.refresh_from_db()
    return True


def _expired() -> Q:
    return Q(claimed_at__lt=Now() - timedelta(hours=settings.CAPSITE_IDEMPOTENCY_HOURS))
