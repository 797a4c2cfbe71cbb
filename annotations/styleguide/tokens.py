"""The design tokens as css/tokens.css defines them, sorted by what they are for."""

import re
from pathlib import Path

from django.contrib.staticfiles import finders

_KINDS = {
    "type": re.compile(r"--(font|size-)"),
    "space": re.compile(r"--(gap|bar|foot)"),
    "radius": re.compile(r"--radius"),
    "motion": re.compile(r"--(quick|calm)"),
    "shadow": re.compile(r"--shadow"),
}


def tokens_by_kind() -> dict[str, list[str]]:
    """Return the names of every token; what is nothing else is a colour."""
    found: dict[str, list[str]] = {"colour": [], **{kind: [] for kind in _KINDS}}
    path = finders.find("css/tokens.css")
    rules = Path(path).read_text() if isinstance(path, str) else ""
    for name in dict.fromkeys(re.findall(r"^\s+(--[a-z0-9-]+):", rules, re.MULTILINE)):
        kind = next((kind for kind, like in _KINDS.items() if like.match(name)), "colour")
        found[kind].append(name)
    return found


def icon_names() -> list[str]:
    """Return the name of every icon of the sprite."""
    path = finders.find("vendor/lucide/sprite.svg")
    drawn = Path(path).read_text() if isinstance(path, str) else ""
    return sorted(re.findall(r'<symbol[^>]*\bid="([^"]+)"', drawn))
