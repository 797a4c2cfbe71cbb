"""What members do with their endpoints; what happens to deliveries is written by ``delivery``."""

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from captions.webhooks.delivery import waiting_give_up
from captions.webhooks.events import Event, deliveries_add, payload_of
from captions.webhooks.models import DeliveryState, Format, WebhookDelivery, WebhookEndpoint
from captions.webhooks.rules import events_valid, format_valid, name_valid, url_valid
from captions.webhooks.sealing import seal, secret_make
from captions.webhooks.selectors import delivery_for, endpoint_for, endpoints_of
from gallery.access import Person, require_member

_WELL: dict[str, Any] = {"failures": 0, "failing_since": None, "disabled_until": None}


def endpoint_create(
    *,
    person: Person,
    url: str,
    events: Sequence[str],
    name: str = "",
    format: str = Format.CAPSITE,
) -> tuple[WebhookEndpoint, str]:
    """Register an endpoint; return it with its secret, which is shown this once."""
    require_member(person)
    given: dict[str, Any] = {
        "name": name_valid(name),
        "events": events_valid(person, events),
        "format": format_valid(format),
        "url": url_valid(url),
        "owner_id": person.pk,
    }
    secret = secret_make()
    with transaction.atomic():
        _require_room(person)
        endpoint = WebhookEndpoint.objects.create(secret=seal(secret), **given)
    return endpoint, secret


def endpoint_update(
    *,
    person: Person,
    endpoint_id: UUID | str,
    name: str | None = None,
    url: str | None = None,
    events: Sequence[str] | None = None,
    format: str | None = None,
    active: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given; another address, or switching on, forgets earlier failures."""
    endpoint_for(person, endpoint_id)
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = name_valid(name)
    if events is not None:
        changes["events"] = events_valid(person, events)
    if format is not None:
        changes["format"] = format_valid(format)
    if url is not None:
        changes |= {"url": url_valid(url)} | _WELL
    if active is not None:
        changes |= {"active": active} | (_WELL if active else {})
    return _changed(person, endpoint_id, changes)


@transaction.atomic
def endpoint_delete(*, person: Person, endpoint_id: UUID | str) -> None:
    """Remove an endpoint with its log; what waited for it is not sent any more."""
    endpoint = endpoint_for(person, endpoint_id)
    # The strongest lock: events that are being written now end first, later ones find nothing.
    held = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk)
    if held:
        endpoint.delete()


@transaction.atomic
def secret_rotate(*, person: Person, endpoint_id: UUID | str) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint another secret, shown this once; the next attempt is signed with it."""
    secret = secret_make()
    return _changed(person, endpoint_id, {"secret": seal(secret)}), secret


@transaction.atomic
def endpoint_ping(*, person: Person, endpoint_id: UUID | str) -> WebhookDelivery:
    """Send a ping; an endpoint that failures have paused is tried at once."""
    endpoint = endpoint_for(person, endpoint_id, lock=True)
    event_id = uuid.uuid4()
    facts = {"endpoint": str(endpoint.pk), "name": endpoint.name, "events": endpoint.events}
    return _sent_now(endpoint, Event.PING, event_id, payload_of(Event.PING, event_id, facts))


@transaction.atomic
def delivery_resend(*, person: Person, delivery_id: UUID | str) -> WebhookDelivery:
    """Send a delivery that ended once more: a new row of the same event, with the same event id."""
    old = delivery_for(person, delivery_id)
    if old.state == DeliveryState.WAITING:
        message = _("This delivery still waits for its next attempt.")
        raise CapsiteError("delivery_waiting", message, status=409)
    endpoint = endpoint_for(person, old.endpoint_id, lock=True)
    return _sent_now(endpoint, old.event, old.event_id, old.payload)


def _sent_now(
    endpoint: WebhookEndpoint, event: str, event_id: UUID, payload: dict[str, Any]
) -> WebhookDelivery:
    if not endpoint.active:
        message = _("This webhook is switched off. Switch it on first.")
        raise CapsiteError("endpoint_off", message, status=409)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_until=None)
    [made] = deliveries_add([endpoint], event, event_id, payload)
    made.refresh_from_db()
    return made


@transaction.atomic
def _changed(person: Person, endpoint_id: UUID | str, changes: dict[str, Any]) -> WebhookEndpoint:
    endpoint = endpoint_for(person, endpoint_id, lock=True)
    for field, value in changes.items():
        setattr(endpoint, field, value)
    endpoint.save(update_fields=list(changes))
    if not endpoint.active:
        waiting_give_up(endpoint, _("The webhook was switched off."))
    return endpoint


def _require_room(person: Person) -> None:
    """Refuse one endpoint too many; whoever asks twice at once waits here."""
    member: Any = person
    get_user_model().objects.select_for_update(no_key=True).get(pk=member.pk)
    most = settings.CAPSITE_WEBHOOKS_PER_MEMBER
    if endpoints_of(person).count() >= most:
        message = _("You have %(most)d webhooks, and no more are possible. Delete one first.")
        raise CapsiteError("too_many_webhooks", message % {"most": most}, status=409)
