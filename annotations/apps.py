"""Names the annotations app."""

from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    """Published texts: versions, conflicts and reverts."""

    name = "annotations"
