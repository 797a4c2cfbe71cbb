"""Endpoints and deliveries to look at; their owners do the changing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from captions.webhooks.models import WebhookDelivery, WebhookEndpoint
from gallery.admin import ReadOnlyAdmin


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Where members want to hear of something; deleting one takes its log along."""

    list_display = ["name", "url", "owner", "active", "failures", "disabled_until", "created_at"]
    list_filter = ["active", "format", "created_at"]
    search_fields = ["name", "url", "owner__username"]
    list_select_related = ["owner"]
    exclude = ["secret"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Deliveries go with their endpoint, though nobody deletes them alone."""
        listed, counts, _refused, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """What was sent, and what came of it."""

    list_display = ["event", "endpoint", "state", "attempts", "response_status", "created_at"]
    list_filter = ["state", "event", "created_at"]
    search_fields = ["id", "event_id", "endpoint__url", "error"]
    list_select_related = ["endpoint"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A delivery goes with its endpoint, or when it is old."""
        return False
