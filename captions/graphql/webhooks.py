"""Webhooks: a member's endpoints, and what was sent to them."""

from typing import Any

from django.db.models import QuerySet
from graphene import ID, UUID, Boolean, Enum, Field, Int, List, NonNull, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.graphql.people import Me
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loaded
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import uuid_of
from capsite.common.graphql.writes import Write
from captions.models import DeliveryState as States
from captions.models import WebhookDelivery, WebhookEndpoint
from captions.webhooks.models import Format as Formats
from captions.webhooks.selectors import delivery_for, endpoint_for, endpoints_of
from captions.webhooks.services import (
    delivery_resend,
    endpoint_create,
    endpoint_delete,
    endpoint_ping,
    endpoint_update,
    secret_rotate,
)

Format = Enum.from_enum(Formats, name="WebhookFormat", description="How deliveries look.")
DeliveryState = Enum.from_enum(States, name="DeliveryState", description="Where one stands.")


class Delivery(DjangoObjectType):
    """One event for one endpoint."""

    uuid = UUID(required=True)
    event_id = UUID(required=True, description="The same when it is sent again.")
    endpoint = Field(lambda: Endpoint)
    event = String(required=True)
    state = Field(NonNull(DeliveryState))
    attempts = Int(required=True)
    response_status = Int()

    class Meta:
        """What is shown of the row."""

        model = WebhookDelivery
        name = "WebhookDelivery"
        fields = ("id", "next_at", "response_excerpt", "error", "created_at", "finished_at")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(delivery: WebhookDelivery, _info: Any) -> Any:
        """Return the bare id."""
        return delivery.pk

    @staticmethod
    async def resolve_endpoint(delivery: WebhookDelivery, info: Any) -> WebhookEndpoint | None:
        """Return the endpoint, which is the same member's."""
        mine = endpoints_of(info.context.person)
        return await loaded(info, "endpoints", delivery.endpoint_id, mine.in_bulk)

    @classmethod
    def get_node(cls, info: Any, key: str) -> WebhookDelivery:
        """Return one's own."""
        info.context.require("webhooks")
        return delivery_for(info.context.person, uuid_of(key, "WebhookDelivery"))


class Endpoint(DjangoObjectType):
    """Where a member wants to hear of something."""

    uuid = UUID(required=True)
    events = List(NonNull(String), required=True)
    format = Field(NonNull(Format))
    failures = Int(required=True, description="Failed attempts in a row.")
    deliveries = Listing(lambda _info: WebhookDelivery.objects.all(), by="endpoint_id").field(
        connection_of(Delivery), description="What was sent, the newest first."
    )

    class Meta:
        """The secret was shown once."""

        model = WebhookEndpoint
        name = "WebhookEndpoint"
        fields = ("id", "name", "url", "active", "disabled_until", "created_at")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(endpoint: WebhookEndpoint, _info: Any) -> Any:
        """Return the bare id."""
        return endpoint.pk

    @classmethod
    def get_node(cls, info: Any, key: str) -> WebhookEndpoint:
        """Return one's own."""
        info.context.require("webhooks")
        return endpoint_for(info.context.person, uuid_of(key, "WebhookEndpoint"))


def _mine(info: Any) -> QuerySet[WebhookEndpoint]:
    info.context.require("webhooks")
    return endpoints_of(info.context.person)


@extends(Me)
class MyWebhooks:
    """One's endpoints."""

    webhooks = Listing(_mine).field(
        connection_of(Endpoint), description="Your webhooks, the newest first."
    )


class WebhookCreate(Write):
    """Register an endpoint; its secret is shown this once."""

    webhook = Field(NonNull(Endpoint))
    secret = String(required=True)

    class Arguments:
        """Where, and of what it hears."""

        url = String(required=True)
        events = List(NonNull(String), required=True)
        name = String()
        format = Format()

    @classmethod
    def write(cls, info: Any, **given: Any) -> dict[str, Any]:
        """Call the service."""
        endpoint, secret = endpoint_create(person=info.context.person, **given)
        return {"webhook": endpoint, "secret": secret}


class WebhookUpdate(Write):
    """Change what is given."""

    webhook = Field(NonNull(Endpoint))

    class Arguments:
        """Which, and what changes."""

        id = ID(required=True)
        url = String()
        events = List(NonNull(String))
        name = String()
        format = Format()
        active = Boolean()

    @classmethod
    def write(cls, info: Any, id: str, **given: Any) -> dict[str, Any]:
        """Call the service."""
        return {"webhook": endpoint_update(**_named(info, id), **given)}


class WebhookDelete(Write):
    """Remove an endpoint with its log."""

    ok = Boolean(required=True)

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        endpoint_delete(**_named(info, id))
        return {"ok": True}


class WebhookPing(Write):
    """Send a ping."""

    delivery = Field(NonNull(Delivery))

    class Arguments:
        """To which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        return {"delivery": endpoint_ping(**_named(info, id))}


class WebhookSecretRotate(Write):
    """Give an endpoint another secret, shown this once."""

    webhook = Field(NonNull(Endpoint))
    secret = String(required=True)

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        endpoint, secret = secret_rotate(**_named(info, id))
        return {"webhook": endpoint, "secret": secret}


class WebhookDeliveryResend(Write):
    """Send a delivery that ended once more."""

    delivery = Field(NonNull(Delivery))

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(id, "WebhookDelivery")
        return {"delivery": delivery_resend(person=info.context.person, delivery_id=key)}


def _named(info: Any, id: str) -> dict[str, Any]:
    return {"person": info.context.person, "endpoint_id": uuid_of(id, "WebhookEndpoint")}


class Mutation:
    """What one does with webhooks."""

    webhook_create = WebhookCreate.Field()
    webhook_update = WebhookUpdate.Field()
    webhook_delete = WebhookDelete.Field()
    webhook_ping = WebhookPing.Field()
    webhook_secret_rotate = WebhookSecretRotate.Field()
    webhook_delivery_resend = WebhookDeliveryResend.Field()
