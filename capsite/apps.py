"""Names the floor app, which carries the `up` command."""

from django.apps import AppConfig


class CapsiteConfig(AppConfig):
    """The floor every app stands on."""

    name = "capsite"
