"""Names the gateway app."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """Rate limits and idempotency keys, before every API."""

    name = "capsite.gateway"
    label = "gateway"
