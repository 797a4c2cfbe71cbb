"""The only writer of what becomes of deliveries and of how endpoints fare: claim, settle, end.

A delivery is leased while it is sent. A courier that dies leaves a lease that runs out, and the
delivery is sent again with the same event id; one that comes back late settles nothing any more.
Whoever locks both locks the endpoint first.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from captions.webhooks import policy
from captions.webhooks.mail import endpoint_ended_on_commit
from captions.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from captions.webhooks.policy import Outcome, Verdict

AT_ONCE = 2  # to one endpoint, so that a slow one does not keep every courier
SPARE_SECONDS = 5  # a lease outlives the sending by so much


def delivery_claim() -> WebhookDelivery | None:
    """Lease the delivery that is due longest, or return None; others skip locked rows.

    To an endpoint that failures have paused goes one delivery, and the next one when that is over.
    """
    while True:
        with transaction.atomic():
            row = _due().select_for_update(of=("self",), skip_locked=True).first()
            if row is None or (_is_broken(row.endpoint) and not _probe(row.endpoint)):
                return None
            if row.attempts < settings.CAPSITE_WEBHOOKS_ATTEMPTS:
                row.lease, row.attempts = uuid.uuid4(), row.attempts + 1
                row.lease_expires_at = Now() + _lease()
                row.save(update_fields=["lease", "lease_expires_at", "attempts"])
                return row
            _end(row, DeliveryState.FAILED, error=_("The courier stopped while it sent this."))


def _due() -> QuerySet[WebhookDelivery]:
    rows = WebhookDelivery.objects
    underway = rows.filter(
        endpoint=OuterRef("endpoint"), lease__isnull=False, lease_expires_at__gt=Now()
    )
    busy = underway.order_by().values("endpoint").annotate(number=Count("pk")).values("number")
    paused = Q(endpoint__disabled_until__gt=Now())
    leased = Q(lease__isnull=False, lease_expires_at__gt=Now())
    due = rows.filter(state=DeliveryState.WAITING, next_at__lte=Now(), endpoint__active=True)
    free = due.exclude(leased).exclude(paused).annotate(busy=Coalesce(Subquery(busy), 0))
    return free.filter(busy__lt=AT_ONCE).select_related("endpoint").order_by("next_at", "pk")


def _is_broken(endpoint: WebhookEndpoint) -> bool:
    return endpoint.failures >= settings.CAPSITE_WEBHOOKS_BREAK_AFTER


def _probe(endpoint: WebhookEndpoint) -> bool:
    """Take the one try that a paused endpoint gets; False where another courier has it."""
    rested = Q(disabled_until__isnull=True) | Q(disabled_until__lte=Now())
    rows = WebhookEndpoint.objects.filter(rested, pk=endpoint.pk)
    if not rows.select_for_update(skip_locked=True, no_key=True):
        return False
    return bool(rows.update(disabled_until=Now() + _lease()))


def _lease() -> timedelta:
    return timedelta(seconds=settings.CAPSITE_WEBHOOKS_SECONDS + SPARE_SECONDS)


@transaction.atomic
def delivery_settle(delivery: WebhookDelivery, outcome: Outcome) -> bool:
    """Write what an attempt came to; False where the lease is no longer this courier's."""
    endpoints = WebhookEndpoint.objects.select_for_update(no_key=True)
    endpoint = endpoints.filter(pk=delivery.endpoint_id).first()
    mine = WebhookDelivery.objects.filter(
        pk=delivery.pk, lease=delivery.lease, state=DeliveryState.WAITING
    )
    if endpoint is None or not mine.select_for_update():
        return False
    facts = {
        "response_status": outcome.status,
        "response_excerpt": outcome.excerpt,
        "error": outcome.error,
    }
    if outcome.verdict is Verdict.DELIVERED:
        _end(delivery, DeliveryState.DELIVERED, **facts)
    elif outcome.verdict is Verdict.AGAIN and endpoint.active and _attempts_left(delivery):
        pause = policy.pause_after(delivery.attempts, settings.CAPSITE_WEBHOOKS_BACKOFF_SECONDS)
        later = Now() + timedelta(seconds=max(pause, outcome.wait))
        mine.update(next_at=later, lease=None, lease_expires_at=None, **facts)
    else:
        _end(delivery, DeliveryState.FAILED, **facts)
    _endpoint_note(endpoint, outcome)
    return True


def _attempts_left(delivery: WebhookDelivery) -> bool:
    return delivery.attempts < settings.CAPSITE_WEBHOOKS_ATTEMPTS


def _end(delivery: WebhookDelivery, state: str, **facts: Any) -> None:
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    rows.update(state=state, finished_at=Now(), lease=None, lease_expires_at=None, **facts)


def _endpoint_note(endpoint: WebhookEndpoint, outcome: Outcome) -> None:
    """Forget failures after a success; after a failure pause the endpoint, or end it."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if outcome.verdict is Verdict.DELIVERED:
        if endpoint.failures or endpoint.disabled_until:
            row.update(failures=0, failing_since=None, disabled_until=None)
        return
    failures = endpoint.failures + 1
    pause = policy.break_after(failures, settings.CAPSITE_WEBHOOKS_BREAK_AFTER)
    pause = max(pause, outcome.wait)
    row.update(
        failures=failures,
        failing_since=Coalesce(F("failing_since"), Now()),
        disabled_until=Now() + timedelta(seconds=pause) if pause else None,
    )
    if outcome.verdict is Verdict.GONE:
        _endpoint_end(endpoint, _("The receiver answered 410 Gone."))
    elif _failed_too_long(endpoint):
        _endpoint_end(endpoint, _("Nothing could be delivered for days."))


def _failed_too_long(endpoint: WebhookEndpoint) -> bool:
    longest = timedelta(hours=settings.CAPSITE_WEBHOOKS_GIVE_UP_HOURS)
    since = endpoint.failing_since
    return since is not None and timezone.now() - since > longest


def _endpoint_end(endpoint: WebhookEndpoint, why: str) -> None:
    """Switch an endpoint off and tell its owner, once."""
    if WebhookEndpoint.objects.filter(pk=endpoint.pk, active=True).update(active=False):
        waiting_give_up(endpoint, why)
        endpoint_ended_on_commit(endpoint, why)


def waiting_give_up(endpoint: WebhookEndpoint, why: str) -> int:
    """Fail what waits for an endpoint, except what is being sent now; return how many."""
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
    idle = waiting.exclude(lease__isnull=False, lease_expires_at__gt=Now())
    end = {"finished_at": Now(), "lease": None, "lease_expires_at": None}
    return idle.update(state=DeliveryState.FAILED, error=why, **end)


def deliveries_purge() -> int:
    """Delete the log of deliveries that ended long ago; return how many."""
    oldest = timezone.now() - timedelta(days=settings.CAPSITE_WEBHOOKS_KEEP_DAYS)
    deleted, _kinds = WebhookDelivery.objects.filter(finished_at__lt=oldest).delete()
    return deleted
