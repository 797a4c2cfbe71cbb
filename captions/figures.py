"""One-line words about a version: what it serves, its figures, its use; for lists and terminals."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from captions.models import CaptionModel
from gallery.models.job import Language

HEADLINE = "CIDEr"  # the figure that captioners are compared by


def roles_line(model: CaptionModel) -> str:
    """Return ``active en, candidate tr 10 %``; empty for a version that serves nothing."""
    return ", ".join(map(str, model.roles.all()))


def metrics_line(model: CaptionModel) -> str:
    """Return ``en CIDEr 0.560`` per language; another figure where there is no CIDEr."""
    lines = []
    for language, figures in sorted(model.metrics.items()):
        name = _headline(figures)
        if name:
            lines.append(f"{language} {name} {figures[name]:.3f}")
    return ", ".join(lines)


def use_line(model: CaptionModel) -> str:
    """Return ``en 120 captions, confidence 0.61`` per language it wrote.

    Wants a row of ``captions.selectors.versions_with_use``.
    """
    lines = [
        _("%(language)s %(captions)s captions, confidence %(confidence)s")
        % {
            "language": code,
            "captions": number_format(use["captions"], force_grouping=True),
            "confidence": number_format(use["confidence"], decimal_pos=2),
        }
        for code, use in use_of(model).items()
    ]
    return "; ".join(lines)


def use_of(model: CaptionModel) -> dict[str, dict[str, Any]]:
    """Return ``{"en": {"captions": 120, "confidence": 0.61}}``, as ``use_line``."""
    counted = {
        code: {
            "captions": getattr(model, f"captions_{code}"),
            "confidence": getattr(model, f"confidence_{code}") or 0.0,
        }
        for code in Language.values
    }
    return {code: use for code, use in counted.items() if use["captions"]}


def _headline(figures: Any) -> str:
    if not isinstance(figures, dict):
        return ""
    numbers = [name for name, value in figures.items() if isinstance(value, float)]
    return HEADLINE if HEADLINE in numbers else next(iter(numbers), "")
