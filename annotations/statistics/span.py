"""From which day to which, and in how long steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_DAYS, MOST_DAYS_OF_WEEKS = 92, 2 * 366


class Days(models.TextChoices):
    """The ranges people choose from."""

    WEEK = "7", _("7 days")
    MONTH = "30", _("30 days")
    QUARTER = "90", _("90 days")
    ALL = "all", _("All")


class Unit(models.TextChoices):
    """How long a step is, in PostgreSQL's words."""

    DAY = "day", _("Day")
    WEEK = "week", _("Week of")
    MONTH = "month", _("Month")


@dataclass(frozen=True)
class Span:
    """Days, both of which count."""

    since: date
    until: date

    @property
    def unit(self) -> Unit:
        """The shortest step of which there are not too many to draw."""
        days = (self.until - self.since).days + 1
        if days <= MOST_DAYS:
            return Unit.DAY
        return Unit.WEEK if days <= MOST_DAYS_OF_WEEKS else Unit.MONTH

    def steps(self) -> Iterator[date]:
        """Give the first day of every step; the first step may begin before the span."""
        step = _begin(self.since, self.unit)
        while step <= self.until:
            yield step
            step = _next(step, self.unit)


def span_of(days: Days, *, today: date, first: date | None) -> Span:
    """Return so many days up to today, or all since the ``first`` one with figures."""
    if days is Days.ALL:
        return Span(min(first or today, today), today)
    return Span(today - timedelta(days=int(days) - 1), today)


def _begin(day: date, unit: Unit) -> date:
    if unit is Unit.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit is Unit.MONTH else day


def _next(step: date, unit: Unit) -> date:
    if unit is Unit.MONTH:
        return (step + timedelta(days=31)).replace(day=1)
    return step + timedelta(days=7 if unit is Unit.WEEK else 1)
