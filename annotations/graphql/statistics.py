"""The figures of the dashboard: what was captioned, voted and edited over time."""

from typing import Any

from graphene import Date, DateTime, Enum, Field, Float, Int, List, NonNull, ObjectType, String

from annotations.graphql.texts import RevisionKind
from annotations.statistics.access import Of
from annotations.statistics.selectors import Figures, Row, figures_of
from annotations.statistics.span import Days, Unit
from capsite.common.graphql.context import loader
from gallery.graphql import enums

StatisticsOf = Enum.from_enum(Of, name="StatisticsOf", description="Whose figures.")
StatisticsDays = Enum.from_enum(
    Days, name="StatisticsDays", description="The last 7, 30 or 90 days, or all."
)
StatisticsUnit = Enum.from_enum(
    Unit, name="StatisticsUnit", description="How long a step is; weeks begin on Monday."
)


def _step() -> Any:
    return Date(required=True, description="The first day of it.")


def _votes(name: str) -> Any:
    """Return the field that counts the votes of a row which holds them as ``votes``."""
    return Int(required=True, resolver=lambda row, _info: getattr(row.votes, name))


class CaptionsOfStep(ObjectType):
    """Captions that were written."""

    step = _step()
    language = String(required=True)
    strategy = enums.Strategy(description="Null where a person wrote them.")
    captions = Int(required=True)

    @staticmethod
    def resolve_strategy(row: Row, _info: Any) -> str | None:
        """Return how they were decoded."""
        return row["strategy"] or None


class VotesOfStep(ObjectType):
    """Votes that captions got."""

    step = _step()
    up = Int(required=True)
    down = Int(required=True)


class EditsOfStep(ObjectType):
    """Versions of published texts that were made."""

    step = _step()
    kind = Field(NonNull(RevisionKind))
    edits = Int(required=True)


class ConfidenceTenth(ObjectType):
    """Votes on captions that were about as sure as one another."""

    confidence_from = Float(required=True)
    confidence_to = Float(required=True)
    mean_confidence = Float()
    up = _votes("up")
    down = _votes("down")


class VersionFigures(ObjectType):
    """What a version of the captioner wrote, and what people think of it."""

    model = String(required=True)
    captions = Int(required=True)
    mean_confidence = Float()
    up = _votes("up")
    down = _votes("down")


class Statistics(ObjectType):
    """What was captioned, voted and edited; steps without figures are left out."""

    of = Field(NonNull(StatisticsOf))
    since = Date(required=True)
    until = Date(required=True)
    unit = Field(NonNull(StatisticsUnit))
    refreshed_at = DateTime(required=True, description="When they were counted last.")
    captions = List(NonNull(CaptionsOfStep), required=True)
    votes = List(NonNull(VotesOfStep), required=True)
    edits = List(NonNull(EditsOfStep), required=True)
    confidence = List(NonNull(ConfidenceTenth), required=True)
    versions = List(NonNull(VersionFigures), required=True, description="The newest first.")
    calibration_gap = Float(
        description="How far confidence and share of up-votes lie apart on average."
    )

    @staticmethod
    def resolve_since(figures: Figures, _info: Any) -> Any:
        """Return the first day."""
        return figures.span.since

    @staticmethod
    def resolve_until(figures: Figures, _info: Any) -> Any:
        """Return the last day."""
        return figures.span.until

    @staticmethod
    def resolve_unit(figures: Figures, _info: Any) -> Unit:
        """Return how long the steps are."""
        return figures.span.unit


class Query:
    """The figures of the dashboard."""

    statistics = Field(
        Statistics,
        of=StatisticsOf(
            description="PUBLIC unless given. MINE: your photos and edits. "
            "ALL: the whole site, for administrators."
        ),
        days=StatisticsDays(description="Up to today; MONTH unless given."),
        description="What was captioned, voted and edited over time, as the dashboard shows it.",
    )

    @staticmethod
    async def resolve_statistics(
        _root: Any, info: Any, of: Of | None = None, days: Days | None = None
    ) -> Figures:
        """Return the figures; aliases that ask for the same ones have them read once."""
        asked = (of or Of.PUBLIC, days or Days.MONTH)

        def batch(_keys: list[Any]) -> dict[Any, Figures]:
            return {asked: figures_of(info.context.person, of=asked[0], days=asked[1])}

        figures: Figures = await loader(info, ("statistics", asked), batch).load(asked)
        return figures
