"""Webhook endpoints and deliveries; the delivery's row is the job of sending it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Format(models.TextChoices):
    """How the body of a delivery looks."""

    CAPSITE = "capsite", _("capsite")
    SLACK = "slack", _("Slack")


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class WebhookEndpoint(models.Model):
    """Where a member wants to hear of something; written by services and delivery alone.

    ``failures`` counts failed attempts in a row and ``failing_since`` says when they began;
    until ``disabled_until`` nothing is sent; an endpoint that is not ``active`` hears nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    name = models.CharField(max_length=100, blank=True)
    url = models.CharField(max_length=2000)
    events = ArrayField(models.CharField(max_length=40))
    format = models.CharField(max_length=7, choices=Format.choices, default=Format.CAPSITE)
    secret = models.TextField(editable=False, help_text=_("encrypted"))
    active = models.BooleanField(default=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    disabled_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(format__in=Format.values), name="endpoint_format_known"
            ),
            models.CheckConstraint(condition=Q(events__len__gt=0), name="endpoint_hears_something"),
            models.CheckConstraint(condition=~Q(secret=""), name="endpoint_has_secret"),
        ]

    def __str__(self) -> str:
        """Return the name, or the address."""
        return self.name or self.url


class WebhookDelivery(models.Model):
    """One event for one endpoint; ``event_id`` is the event's and stays the same when resent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event_id = models.UUIDField(default=uuid.uuid4)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    state = models.CharField(
        max_length=9, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(help_text=_("not before"))
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_excerpt = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A lease belongs to a waiting delivery, an end has a time."""

        ordering = ["-created_at", "-id"]
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", finished_at__isnull=True)
                | Q(
                    state__in=["delivered", "failed"],
                    finished_at__isnull=False,
                    lease__isnull=True,
                ),
                name="delivery_end_has_time",
            ),
            models.CheckConstraint(
                condition=Q(lease__isnull=True, lease_expires_at__isnull=True)
                | Q(lease__isnull=False, lease_expires_at__isnull=False),
                name="delivery_lease_expires",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="delivery_waiting"),
            models.Index(
                fields=["endpoint"], condition=Q(lease__isnull=False), name="delivery_leased"
            ),
            models.Index(fields=["endpoint", "-created_at"], name="delivery_log"),
            models.Index(fields=["finished_at"], name="delivery_finished"),
        ]

    def __str__(self) -> str:
        """Return the state, the event and its id."""
        return f"{self.state} {self.event} {self.event_id}"
