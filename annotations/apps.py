"""Names the annotations app."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Captions by people: versions, conflicts and reverts (not built yet)."""

    name = "annotations"
