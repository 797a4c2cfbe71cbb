"""Names the workers app."""

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    """The Django half of the worker: the flow, its tasks and its commands."""

    name = "workers"
