"""The versions of the captioner, for pages of layers that know nothing of captions."""

from typing import Any

from django import template

from captions import figures
from captions.models import CaptionModel
from captions.selectors import versions_in_use

register = template.Library()

SHOWN = 10


@register.simple_tag
def caption_versions() -> list[dict[str, Any]]:
    """Return the newest versions with what each serves, its figures and its use."""
    return [_told(model) for model in versions_in_use(SHOWN)]


def _told(model: CaptionModel) -> dict[str, Any]:
    return {
        "model": model,
        "roles": figures.roles_line(model),
        "figures": figures.metrics_line(model),
        "use": figures.use_line(model),
    }
