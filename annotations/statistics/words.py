"""Figures as people read them."""

from django.utils.formats import number_format

from gallery.templatetags.interface import percent

NONE = "—"


def grouped(value: int) -> str:
    """Write a number with a mark between its thousands."""
    return number_format(value, force_grouping=True)


def share(value: float | None) -> str:
    """Write a share between 0 and 1, or that there is none."""
    return NONE if value is None else percent(value)
