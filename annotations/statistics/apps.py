"""Names the statistics app; it stands on captions and annotations and owns their views."""

from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    """What was captioned, voted and edited on which day."""

    name = "annotations.statistics"
    label = "statistics"
