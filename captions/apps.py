"""Names the captions app."""

from django.apps import AppConfig


class CaptionsConfig(AppConfig):
    """Captions, the models that wrote them, and the ways programs reach them."""

    name = "captions"
