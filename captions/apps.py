"""Names the captions app."""

from django.apps import AppConfig


class CaptionsConfig(AppConfig):
    """Captions, the models that wrote them, and the ways programs reach them."""

    name = "captions"

    def ready(self) -> None:
        """Let webhooks hear of what happens below."""
        from captions.webhooks.subscriptions import subscribe

        subscribe()
