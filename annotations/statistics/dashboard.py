"""The charts of the dashboard, in words and numbers; ``charts`` knows where their bars stand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.models import Kind
from annotations.statistics.charts import Plot, Series, Tick, labels, shares, stacked
from annotations.statistics.selectors import Figures, Row, Votes
from annotations.statistics.span import Unit
from annotations.statistics.words import grouped, share
from gallery.models.job import Language, Strategy

FILLS = ("one", "two", "three", "four")
FEW = 5  # votes of a tenth; what fewer say may be chance
DATES = {Unit.DAY: "j M", Unit.WEEK: "j M", Unit.MONTH: "M Y"}
LONG_DATES = {Unit.DAY: "j F Y", Unit.WEEK: "j F Y", Unit.MONTH: "F Y"}
PEOPLE = gettext_lazy("By people")


class By(models.TextChoices):
    """What tells the captions of a chart apart."""

    LANGUAGE = "language", gettext_lazy("Language")
    STRATEGY = "strategy", gettext_lazy("Strategy")


@dataclass(frozen=True)
class Chart:
    """One chart with its words, and the same figures as a table."""

    name: str
    title: str
    summary: str
    plot: Plot
    legend: list[Series]
    heads: list[str]
    rows: list[list[str]]
    diagonal: bool = False


def captions_chart(figures: Figures, by: By) -> Chart:
    """Return the captions of each step, by language or strategy."""
    words = dict(Language.choices if by is By.LANGUAGE else [*Strategy.choices, ("", PEOPLE)])
    series = _series(figures, figures.captions, by.value, "captions", words)
    return _over_time(figures, "captions", _("Captions"), series)


def votes_chart(figures: Figures) -> Chart:
    """Return the votes of each step: those for a caption above, those against below."""
    steps = {row["step"]: row for row in figures.votes}

    def values(name: str) -> list[int]:
        return [steps.get(step, {}).get(name, 0) for step in figures.span.steps()]

    up = Series(_("Up"), "up", values("up"))
    down = Series(_("Down"), "down", values("down"))
    return _over_time(figures, "votes", _("Votes"), [up], [down])


def edits_chart(figures: Figures) -> Chart:
    """Return the versions of published texts of each step, by how they came to be."""
    series = _series(figures, figures.edits, "kind", "edits", dict(Kind.choices))
    return _over_time(figures, "edits", _("Edits of published texts"), series)


def confidence_chart(figures: Figures) -> Chart:
    """Return which share of the votes is for captions, by how sure the captions were."""
    tenths = [figures.tenths.get(tenth, Votes()) for tenth in range(10)]
    names = [_tenth(tenth) for tenth in range(10)]
    plot = shares(
        [votes.share for votes in tenths],
        ["few" if votes.count < FEW else "one" for votes in tenths],
        [_verdict(name, votes) for name, votes in zip(names, tenths, strict=True)],
    )
    heads = [_("Confidence"), _("Up"), _("Down"), _("Up-votes"), _("Mean confidence")]
    rows = [
        [
            name,
            *map(grouped, (votes.up, votes.down)),
            *map(share, (votes.share, votes.mean_confidence)),
        ]
        for name, votes in zip(names, tenths, strict=True)
        if votes.count
    ]
    across = [Tick(f"{edge * 10}%", f"{edge * 10}") for edge in range(0, 11, 2)]
    return Chart(
        name="confidence",
        title=_("Confidence against votes"),
        summary=_gap_words(figures.calibration_gap),
        plot=replace(plot, across=across) if rows else Plot(),
        legend=_confidence_legend(tenths) if rows else [],
        heads=heads,
        rows=rows,
        diagonal=True,
    )


def _series(
    figures: Figures, rows: Sequence[Row], key: str, value: str, words: dict[str, Any]
) -> list[Series]:
    """Return what ``rows`` count in each step: a series for each of the words that has some."""
    counts: defaultdict[tuple[str, date], int] = defaultdict(int)
    for row in rows:
        counts[row[key], row["step"]] += row[value]
    found = {row[key] for row in rows}
    keys = [key for key in words if key in found]
    return [
        Series(str(words[key]), fill, [counts[key, step] for step in figures.span.steps()])
        for key, fill in zip(keys, FILLS, strict=False)
    ]


def _over_time(
    figures: Figures,
    name: str,
    title: str,
    series: Sequence[Series],
    below: Sequence[Series] = (),
) -> Chart:
    everything = [*series, *below]
    steps = list(figures.span.steps())
    unit = figures.span.unit
    long = [date_format(step, LONG_DATES[unit]) for step in steps]
    values = list(zip(*(one.values for one in everything), strict=True)) or [()] * len(steps)
    titles = [
        f"{when}: " + ", ".join(f"{one.label} {grouped(value)}" for one, value in told)
        for when, told in (
            (when, zip(everything, row, strict=True))
            for when, row in zip(long, values, strict=True)
        )
    ]
    plot = stacked(series, below, titles)
    if plot.columns:
        short = labels([date_format(step, DATES[unit]) for step in steps])
        plot = replace(plot, across=short)
    return Chart(
        name=name,
        title=title,
        summary=_summary(long, [sum(row) for row in values], unit),
        plot=plot,
        legend=everything if plot.columns else [],
        heads=[str(unit.label), *(one.label for one in everything)],
        rows=[
            [when, *map(grouped, row)] for when, row in zip(long, values, strict=True) if any(row)
        ],
    )


def _summary(steps: Sequence[str], sums: Sequence[int], unit: Unit) -> str:
    total = sum(sums)
    if not total:
        return _("None in this time.")
    most = max(sums)
    words = {"total": grouped(total), "most": grouped(most), "when": steps[sums.index(most)]}
    if unit is Unit.WEEK:
        return _("%(total)s in all. The most: %(most)s (week of %(when)s).") % words
    return _("%(total)s in all. The most: %(most)s (%(when)s).") % words


def _tenth(tenth: int) -> str:
    return _("%(low)d to %(high)d%%") % {"low": tenth * 10, "high": tenth * 10 + 10}


def _verdict(name: str, votes: Votes) -> str:
    count = ngettext("%(number)s vote", "%(number)s votes", votes.count)
    return f"{name}: {share(votes.share)} {_('Up')}, " + count % {"number": grouped(votes.count)}


def _gap_words(gap: float | None) -> str:
    if gap is None:
        return _("No votes in this time.")
    return _(
        "Where people agree with the model, bars end at the dashed line. On average they are "
        "%(gap)s apart."
    ) % {"gap": share(gap)}


def _confidence_legend(tenths: Sequence[Votes]) -> list[Series]:
    legend = [Series(_("Share of up-votes"), "one", ())]
    if any(0 < votes.count < FEW for votes in tenths):
        legend.append(Series(_("Fewer than %(few)d votes") % {"few": FEW}, "few", ()))
    return legend
