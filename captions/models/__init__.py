"""Captions, which never change once written, and the registry of the models that wrote them."""

from captions.models.caption import LEVELS, Caption, Origin
from captions.models.heatmap import CaptionHeatmap, HeatmapMethod, HeatmapState
from captions.models.registry import CaptionModel, ChosenBy, Event, ModelEvent, ModelRole, Role

__all__ = [
    "LEVELS",
    "Caption",
    "CaptionHeatmap",
    "CaptionModel",
    "ChosenBy",
    "Event",
    "HeatmapMethod",
    "HeatmapState",
    "ModelEvent",
    "ModelRole",
    "Origin",
    "Role",
]
