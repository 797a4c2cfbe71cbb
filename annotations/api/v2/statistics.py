"""The figures of the dashboard in version 2."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.models import Kind
from annotations.statistics.access import Of
from annotations.statistics.selectors import figures_of
from annotations.statistics.span import Days, Unit
from captions.api.shared.bodies import query_of
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from gallery.models.job import Language, Strategy

SHARE: dict[str, Any] = {"min_value": 0, "max_value": 1, "allow_null": True}
DESCRIPTION = """Figures are counted every few minutes; `refreshed_at` says when. Steps are
days, weeks (from Monday) or months of UTC, as `unit` says; those without figures are left out.

`of=public`, which is the default, counts public photos without hidden captions, `of=mine` your own
photos and your own edits, and `of=all` the whole site, for administrators."""


class StatisticsQuery(serializers.Serializer):
    """Which figures."""

    of = serializers.ChoiceField(Of.values, default=Of.PUBLIC.value)
    days = serializers.ChoiceField(
        Days.values, default=Days.MONTH.value, help_text="How many, up to today."
    )


class CaptionsOfStepSerializer(serializers.Serializer):
    """Captions that were written."""

    step = serializers.DateField(help_text="The first day of it.")
    language = serializers.ChoiceField(Language.values)
    strategy = serializers.ChoiceField(
        Strategy.values, allow_blank=True, help_text="Empty where a person wrote them."
    )
    captions = serializers.IntegerField(min_value=0)


class VotesOfStepSerializer(serializers.Serializer):
    """Votes that captions got."""

    step = serializers.DateField(help_text="The first day of it.")
    up = serializers.IntegerField(min_value=0)
    down = serializers.IntegerField(min_value=0)


class EditsOfStepSerializer(serializers.Serializer):
    """Versions of published texts that were made."""

    step = serializers.DateField(help_text="The first day of it.")
    kind = serializers.ChoiceField(Kind.values)
    edits = serializers.IntegerField(min_value=0)


class TenthSerializer(serializers.Serializer):
    """Votes on captions that were about as sure as one another."""

    confidence_from = serializers.FloatField(min_value=0, max_value=1)
    confidence_to = serializers.FloatField(min_value=0, max_value=1)
    mean_confidence = serializers.FloatField(**SHARE)
    up = serializers.IntegerField(min_value=0, source="votes.up")
    down = serializers.IntegerField(min_value=0, source="votes.down")


class VersionFiguresSerializer(serializers.Serializer):
    """What a version of the captioner wrote, and what people think of it."""

    model = serializers.CharField()
    captions = serializers.IntegerField(min_value=0)
    mean_confidence = serializers.FloatField(**SHARE)
    up = serializers.IntegerField(min_value=0, source="votes.up")
    down = serializers.IntegerField(min_value=0, source="votes.down")


class StatisticsSerializer(serializers.Serializer):
    """What was captioned, voted and edited."""

    of = serializers.ChoiceField(Of.values)
    since = serializers.DateField(source="span.since")
    until = serializers.DateField(source="span.until")
    unit = serializers.ChoiceField(Unit.values, source="span.unit")
    refreshed_at = serializers.DateTimeField()
    captions = CaptionsOfStepSerializer(many=True)
    votes = VotesOfStepSerializer(many=True)
    edits = EditsOfStepSerializer(many=True)
    confidence = TenthSerializer(many=True)
    versions = VersionFiguresSerializer(many=True, help_text="The newest first.")
    calibration_gap = serializers.FloatField(
        **SHARE, help_text="How far confidence and share of up-votes lie apart on average."
    )


class Statistics(ApiView):
    """``GET /api/v2/statistics``."""

    @endpoint(
        name="statistics_read",
        tag="statistics",
        summary="Read what was captioned, voted and edited over time",
        description=DESCRIPTION,
        query=[StatisticsQuery],
        answers={200: StatisticsSerializer},
        codes=["invalid", "invalid_choice", "sign_in_required", "forbidden"],
    )
    def get(self, request: Request) -> Response:
        """Answer the figures of one audience."""
        query = query_of(request, StatisticsQuery)
        figures = figures_of(request.user, of=Of(query["of"]), days=Days(query["days"]))
        return Response(StatisticsSerializer(figures).data)
