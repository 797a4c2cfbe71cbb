"""The dialog that warns before a browser is signed out, for every page that has one."""

from typing import Any

from django import template
from django.conf import settings

from capsite.accounts.idle import seconds_left, warning_seconds

register = template.Library()


@register.inclusion_tag("_idle.html", takes_context=True)
def idle_dialog(context: template.Context) -> dict[str, Any]:
    """Render the dialog for whoever is signed in, where browsers are signed out at all."""
    request: Any = context.get("request")
    user = getattr(request, "user", None)
    if not (settings.CAPSITE_IDLE_SECONDS and user and user.is_authenticated):
        return {}
    return {
        "seconds": seconds_left(request.session) or settings.CAPSITE_IDLE_SECONDS,
        "whole": settings.CAPSITE_IDLE_SECONDS,
        "warning": warning_seconds(),
        "csrf_token": context.get("csrf_token"),
    }
