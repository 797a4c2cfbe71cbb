"""What happens that endpoints can hear of, who hears of it, and the one way to tell them."""

import uuid
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from capsite.accounts.scopes import MODERATORS
from capsite.common.queues import DELIVER, wake_on_commit
from captions.webhooks.models import WebhookDelivery, WebhookEndpoint
from gallery.models import Image


class Event(StrEnum):
    """The kinds of events; a ping is sent on demand and not subscribed to."""

    CAPTION_READY = "caption.ready"
    CAPTION_FAILED = "caption.failed"
    CASE_OPENED = "moderation.case_opened"
    CASE_DECIDED = "moderation.case_decided"
    FEEDBACK = "feedback.created"
    RATE_LIMITED = "rate_limit.violated"
    PING = "ping"


CHOOSABLE = tuple(event for event in Event if event is not Event.PING)
FOR_ADMINISTRATORS = frozenset({Event.RATE_LIMITED})
# Django knows no KEY SHARE, the one lock that does not make events wait for one another.
_TABLE = WebhookEndpoint._meta.db_table
_HOLD = f"SELECT id FROM {_TABLE} WHERE id = ANY(%s::uuid[]) FOR KEY SHARE"  # nosec B608
_MODERATION = frozenset({Event.CASE_OPENED, Event.CASE_DECIDED})


@transaction.atomic
def event_emit(event: Event, *, image: Image | None = None, data: dict[str, Any]) -> None:
    """Write a delivery for every endpoint concerned and wake the courier on commit.

    Call inside the transaction that makes the event true: both come to be, or neither does.
    """
    endpoints = _held(list(_concerned(event, image)))
    if endpoints:
        event_id = uuid.uuid4()
        payload = payload_of(event, event_id, data | _image_facts(image))
        deliveries_add(endpoints, event, event_id, payload)


def deliveries_add(
    endpoints: Iterable[WebhookEndpoint], event: str, event_id: uuid.UUID, payload: dict[str, Any]
) -> list[WebhookDelivery]:
    """Write one delivery an endpoint, due now."""
    now = timezone.now()
    rows = [
        WebhookDelivery(
            endpoint=endpoint, event=event, event_id=event_id, payload=payload, next_at=now
        )
        for endpoint in endpoints
    ]
    made = WebhookDelivery.objects.bulk_create(rows)
    wake_on_commit(DELIVER)
    return made


def payload_of(event: str, event_id: uuid.UUID, data: dict[str, Any]) -> dict[str, Any]:
    """Return what receivers get: the event's id, kind and time, and its facts."""
    return {
        "id": str(event_id),
        "event": str(event),
        "created_at": timezone.now().isoformat(),
        "data": data,
    }


def _concerned(event: Event, image: Image | None) -> QuerySet[WebhookEndpoint]:
    """Owners hear of their photos, moderators of every case, administrators of their own kinds."""
    hearing = WebhookEndpoint.objects.filter(
        active=True, owner__is_active=True, events__contains=[event.value]
    )
    if event in FOR_ADMINISTRATORS:
        return hearing.filter(owner__is_superuser=True)
    who = Q(pk__in=[])
    if image is not None and image.owner_id is not None:
        who |= Q(owner_id=image.owner_id)
    if event in _MODERATION:
        moderators = WebhookEndpoint.objects.filter(owner__groups__name=MODERATORS)
        who |= Q(owner__is_superuser=True) | Q(pk__in=moderators.values("pk"))
    return hearing.filter(who)


def _held(endpoints: list[WebhookEndpoint]) -> list[WebhookEndpoint]:
    """Return those still there, which nobody deletes before this transaction has ended.

    Otherwise a member who deletes an endpoint now would make our caller's commit fail.
    """
    if not endpoints:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [[str(endpoint.pk) for endpoint in endpoints]])
        there = {row[0] for row in cursor.fetchall()}
    return [endpoint for endpoint in endpoints if endpoint.pk in there]


def _image_facts(image: Image | None) -> dict[str, Any]:
    """Name the photo; the page is a path, since a site may answer to several names."""
    if image is None:
        return {}
    page = reverse("gallery:photo", args=[image.pk])
    return {"image": {"id": str(image.pk), "title": image.title, "path": page}}
