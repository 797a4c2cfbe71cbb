"""Reads the figures of an audience: eight queries, however much was counted."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Min, QuerySet, Subquery, Sum
from django.db.models.functions import Least, Trunc
from django.utils import timezone

from annotations.statistics.access import Of, audience_for
from annotations.statistics.models import (
    CaptionsOfDay,
    DayFigures,
    EditsOfDay,
    LastRefresh,
    VotesOfDay,
)
from annotations.statistics.span import Days, Span, span_of
from captions.models import CaptionModel
from gallery.access import Person

Row = dict[str, Any]
COUNTED = (CaptionsOfDay, VotesOfDay, EditsOfDay)


@dataclass(frozen=True)
class Votes:
    """Votes for and against, on captions that were ``confidence_sum`` sure in all."""

    up: int = 0
    down: int = 0
    confidence_sum: float = 0.0

    @property
    def count(self) -> int:
        """How many there are."""
        return self.up + self.down

    @property
    def share(self) -> float | None:
        """Which share of them is for; None without votes."""
        return self.up / self.count if self.count else None

    @property
    def mean_confidence(self) -> float | None:
        """How sure the captions were that were voted on; None without votes."""
        return self.confidence_sum / self.count if self.count else None


@dataclass(frozen=True)
class Tenth:
    """Votes on captions that were about as sure as one another."""

    confidence_from: float
    confidence_to: float
    votes: Votes

    @property
    def mean_confidence(self) -> float | None:
        """How sure those captions were."""
        return self.votes.mean_confidence


@dataclass(frozen=True)
class Version:
    """What one version of the captioner wrote, and what people think of it."""

    model: str
    captions: int
    mean_confidence: float | None
    votes: Votes


@dataclass(frozen=True)
class Figures:
    """Everything the dashboard tells; steps and tenths without figures are left out."""

    of: Of
    days: Days
    span: Span
    refreshed_at: datetime
    first: date | None  # the first day with figures at all
    captions: list[Row]  # step, language, strategy, captions
    votes: list[Row]  # step, up, down
    edits: list[Row]  # step, kind, edits
    tenths: dict[int, Votes]  # by tenth of confidence, 0 to 9
    versions: list[Version] = field(default_factory=list)

    @property
    def caption_count(self) -> int:
        """How many captions were written."""
        return sum(row["captions"] for row in self.captions)

    @property
    def edit_count(self) -> int:
        """How many versions of published texts were made."""
        return sum(row["edits"] for row in self.edits)

    @property
    def all_votes(self) -> Votes:
        """All votes together; those on captions without confidence are not in the tenths."""
        return Votes(sum(r["up"] for r in self.votes), sum(r["down"] for r in self.votes))

    @property
    def confidence(self) -> list[Tenth]:
        """The tenths of confidence that have votes, the unsure ones first."""
        return [
            Tenth(tenth / 10, (tenth + 1) / 10, votes)
            for tenth, votes in sorted(self.tenths.items())
        ]

    @property
    def calibration_gap(self) -> float | None:
        """How far confidence and verdict lie apart on average, weighted by votes."""
        total = sum(votes.count for votes in self.tenths.values())
        apart = sum(abs(votes.confidence_sum - votes.up) for votes in self.tenths.values())
        return apart / total if total else None


def figures_of(person: Person, *, of: Of, days: Days, now: datetime | None = None) -> Figures:
    """Return the figures of ``of`` that ``person`` asks for, or refuse."""
    audience = audience_for(person, of)
    refreshed_at, first = _edges(audience)
    today = (now or timezone.now()).astimezone(UTC).date()
    span = span_of(days, today=today, first=first)
    votes = _within(VotesOfDay, audience, span)
    captions = _within(CaptionsOfDay, audience, span)
    return Figures(
        of=of,
        days=days,
        span=span,
        refreshed_at=refreshed_at,
        first=first,
        captions=list(
            captions.values("step", "language", "strategy")
            .annotate(captions=Sum("captions"))
            .order_by("step", "language", "strategy")
        ),
        votes=list(votes.values("step").annotate(up=Sum("up"), down=Sum("down")).order_by("step")),
        edits=list(
            _within(EditsOfDay, audience, span)
            .values("step", "kind")
            .annotate(edits=Sum("edits"))
            .order_by("step", "kind")
        ),
        tenths=_votes_by(votes.filter(bucket__gte=0), "bucket"),
        versions=_versions(captions, votes),
    )


def _edges(audience: str) -> tuple[datetime, date | None]:
    """Return when the figures were counted, and the first day that has any; one query."""
    firsts = [
        Subquery(
            kind._default_manager.filter(audience=audience)
            .values("audience")
            .annotate(first=Min("day"))
            .values("first")
        )
        for kind in COUNTED
    ]
    row = LastRefresh.objects.annotate(first=Least(*firsts)).get()
    return row.refreshed_at, row.first


def _within(kind: type[DayFigures], audience: str, span: Span) -> QuerySet[Any]:
    rows = kind._default_manager.filter(audience=audience, day__gte=span.since, day__lte=span.until)
    return rows.annotate(step=Trunc("day", str(span.unit))).order_by()


def _votes_by(rows: QuerySet[Any], name: str) -> dict[int, Votes]:
    found = rows.values(name).annotate(
        for_it=Sum("up"), against=Sum("down"), sure=Sum("confidence_sum")
    )
    return {row[name]: Votes(row["for_it"], row["against"], row["sure"]) for row in found}


def _versions(captions: QuerySet[Any], votes: QuerySet[Any]) -> list[Version]:
    """Return the versions that wrote something or were voted on, the newest first."""
    written = {
        row["version"]: row
        for row in captions.filter(version__gt=0)
        .values("version")
        .annotate(written=Sum("captions"), sure=Sum("confidence_sum"))
    }
    judged = _votes_by(votes.filter(version__gt=0), "version")
    models = CaptionModel.objects.filter(pk__in=written.keys() | judged.keys()).order_by("-pk")
    return [
        Version(
            model=str(model),
            captions=written[model.pk]["written"] if model.pk in written else 0,
            mean_confidence=(
                written[model.pk]["sure"] / written[model.pk]["written"]
                if model.pk in written
                else None
            ),
            votes=judged.get(model.pk, Votes()),
        )
        for model in models
    ]
