"""The dashboard: what was captioned, voted and edited, and how much of one's limits is used."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.statistics.access import Of, figures_open
from annotations.statistics.dashboard import (
    By,
    captions_chart,
    confidence_chart,
    edits_chart,
    votes_chart,
)
from annotations.statistics.limits import duration, limits_used
from annotations.statistics.selectors import figures_of
from annotations.statistics.span import Days
from capsite.common.errors import CapsiteError
from gallery.views.errors import page_errors

Choices = TypeVar("Choices", bound=models.TextChoices)


@dataclass(frozen=True)
class Way:
    """A link to the dashboard with one thing chosen otherwise."""

    label: str
    value: str
    url: str
    current: bool


@require_safe
@page_errors
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the figures that the address asks for; everything chosen stands in the address."""
    open_to = figures_open(request.user)
    of = _chosen(request, "of", Of, open_to[0])
    days = _chosen(request, "days", Days, Days.MONTH)
    by = _chosen(request, "by", By, By.LANGUAGE)
    figures = figures_of(request.user, of=of, days=days)
    chosen = {"of": of, "days": days, "by": by}
    context: dict[str, Any] = {
        "figures": figures,
        "captions": captions_chart(figures, by),
        "charts": [votes_chart(figures), confidence_chart(figures), edits_chart(figures)],
        "ways_of": _ways(chosen, "of", open_to) if len(open_to) > 1 else [],
        "ways_days": _ways(chosen, "days", list(Days)),
        "ways_by": _ways(chosen, "by", list(By)),
        "every": duration(settings.CAPSITE_STATISTICS_SECONDS),
        "limits_used": limits_used(request) if request.user.is_authenticated else [],
    }
    return render(request, "dashboard/index.html", context)


def _chosen(request: HttpRequest, name: str, kind: type[Choices], usual: Choices) -> Choices:
    given = request.GET.get(name)
    if given is None:
        return usual
    try:
        return kind(given)
    except ValueError:
        message = _("%(name)s is one of: %(allowed)s.") % {
            "name": name,
            "allowed": ", ".join(kind.values),
        }
        raise CapsiteError("invalid", message, field=name) from None


def _ways(chosen: dict[str, Any], name: str, options: list[Any]) -> list[Way]:
    """Return a link for each option that keeps whatever else was chosen."""
    return [
        Way(
            label=str(option.label),
            value=option.value,
            url=reverse("statistics:dashboard", query={**chosen, name: option}),
            current=option == chosen[name],
        )
        for option in options
    ]
