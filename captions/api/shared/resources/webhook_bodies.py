"""Webhooks and their deliveries, as every version shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.webhooks.events import CHOOSABLE, Event
from captions.webhooks.models import DeliveryState, Format, WebhookDelivery


class EndpointSerializer(serializers.Serializer):
    """Where you want to hear of something. `failures` counts failed attempts in a row."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(CHOOSABLE))
    format = serializers.ChoiceField(Format.values)
    active = serializers.BooleanField()
    failures = serializers.IntegerField(min_value=0)
    failing_since = serializers.DateTimeField(allow_null=True)
    disabled_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then nothing is sent, because too much failed."
    )
    created_at = serializers.DateTimeField()


class EndpointSecretSerializer(EndpointSerializer):
    """A webhook with its secret, which is shown this once."""

    secret = serializers.CharField()


class EndpointBody(serializers.Serializer):
    """A new webhook."""

    url = serializers.CharField(max_length=2000)
    events = serializers.ListField(child=serializers.ChoiceField(CHOOSABLE), min_length=1)
    name = serializers.CharField(default="", allow_blank=True, max_length=100)
    format = serializers.ChoiceField(Format.values, default=Format.CAPSITE)


class EndpointChange(serializers.Serializer):
    """What may be changed of a webhook."""

    url = serializers.CharField(required=False, max_length=2000)
    events = serializers.ListField(
        child=serializers.ChoiceField(CHOOSABLE), required=False, min_length=1
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=100)
    format = serializers.ChoiceField(Format.values, required=False)
    active = serializers.BooleanField(required=False)


class DeliverySerializer(serializers.Serializer):
    """One event for one webhook; `event_id` stays the same when it is sent again."""

    id = serializers.UUIDField()
    event_id = serializers.UUIDField()
    event = serializers.ChoiceField([event.value for event in Event])
    state = serializers.ChoiceField(DeliveryState.values)
    attempts = serializers.IntegerField(min_value=0)
    next_at = serializers.SerializerMethodField()
    response_status = serializers.IntegerField(allow_null=True)
    response_excerpt = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    payload = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_at(self, delivery: WebhookDelivery) -> str | None:
        """Return when it is tried next; null once it has ended."""
        if delivery.state != DeliveryState.WAITING:
            return None
        return serializers.DateTimeField().to_representation(delivery.next_at)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_payload(self, delivery: WebhookDelivery) -> dict[str, Any]:
        """Return what is sent."""
        return delivery.payload
