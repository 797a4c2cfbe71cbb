"""Reads endpoints and deliveries: a member sees their own, and nobody else's."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from capsite.common.errors import NotFound
from captions.webhooks.models import WebhookDelivery, WebhookEndpoint
from gallery.access import Person, require_member


def endpoints_of(person: Person) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints of a member, the newest first."""
    require_member(person)
    return WebhookEndpoint.objects.filter(owner_id=person.pk)


def endpoint_for(person: Person, endpoint_id: UUID | str, *, lock: bool = False) -> WebhookEndpoint:
    """Return a member's own endpoint; ``lock`` it for a change inside a transaction."""
    endpoints = endpoints_of(person)
    if lock:  # events that come meanwhile still find it
        endpoints = endpoints.select_for_update(no_key=True)
    endpoint = endpoints.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound(_("There is no such webhook, or it is somebody else's."))
    return endpoint


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """Return the log of an endpoint, the newest first."""
    return WebhookDelivery.objects.filter(endpoint=endpoint)


def delivery_for(person: Person, delivery_id: UUID | str) -> WebhookDelivery:
    """Return a delivery, with its endpoint, to an endpoint of this member."""
    require_member(person)
    mine = WebhookDelivery.objects.filter(endpoint__owner_id=person.pk)
    delivery = mine.select_related("endpoint").filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(_("There is no such delivery, or it is somebody else's."))
    return delivery
