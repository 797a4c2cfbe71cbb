"""Captions, which never change once written, and the registry of the models that wrote them."""

from captions.models.caption import LEVELS, Caption, Origin
from captions.models.heatmap import CaptionHeatmap, HeatmapMethod, HeatmapState
from captions.models.moderation import CaseState, Decision, ModerationCase
from captions.models.registry import CaptionModel, ChosenBy, Event, ModelEvent, ModelRole, Role
from captions.models.vote import Vote
from captions.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint

__all__ = [
    "LEVELS",
    "Caption",
    "CaptionHeatmap",
    "CaptionModel",
    "CaseState",
    "ChosenBy",
    "Decision",
    "DeliveryState",
    "Event",
    "HeatmapMethod",
    "HeatmapState",
    "ModelEvent",
    "ModelRole",
    "ModerationCase",
    "Origin",
    "Role",
    "Vote",
    "WebhookDelivery",
    "WebhookEndpoint",
]
