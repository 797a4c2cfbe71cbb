"""What the camera wrote into a photo, as people read it."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from capsite.common.texts import tidy_line

register = template.Library()


@register.filter
def camera_facts(exif: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values of what is known, in the order a photographer expects."""
    facts = [
        (_("Camera"), _camera(exif)),
        (_("Lens"), str(exif.get("lens", ""))),
        (_("Settings"), _settings(exif)),
        (_("Taken"), _taken(exif.get("taken_at", ""))),
    ]
    return [(name, tidy_line(value)) for name, value in facts if value]


def _camera(exif: dict[str, Any]) -> str:
    make, model = exif.get("camera_make", ""), exif.get("camera_model", "")
    if model.lower().startswith(make.lower()):
        return str(model)
    return f"{make} {model}".strip()


def _settings(exif: dict[str, Any]) -> str:
    forms = {
        "exposure": "{} s",
        "aperture": "f/{:g}",
        "iso": "ISO {}",
        "focal_length": "{:g} mm",
    }
    return ", ".join(form.format(exif[key]) for key, form in forms.items() if exif.get(key))


def _taken(moment: str) -> str:
    """Write the camera's own local time, which has no zone."""
    try:
        return date_format(datetime.fromisoformat(moment), "j F Y, H:i")
    except ValueError:
        return moment
