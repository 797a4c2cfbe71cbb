"""REST version 1: where the captioner looked for each word of a caption."""

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from captions.access import caption_for
from captions.api.shared.bodies import query_of
from captions.api.shared.heatmaps import heatmap_answer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from captions.heatmaps import heatmap_ask
from captions.models import HeatmapMethod


class HeatmapQuerySerializer(serializers.Serializer):
    """The query of a heat map."""

    method = serializers.ChoiceField(HeatmapMethod.choices, default=HeatmapMethod.ATTENTION)


class HeatWordSerializer(serializers.Serializer):
    """Where the captioner looked for one word; `start` and `end` count code points of the text."""

    text = serializers.CharField()
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=0)
    grid = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))


class HeatmapWaitingSerializer(serializers.Serializer):
    """A heat map that a worker is at; ask again."""

    caption = serializers.UUIDField()
    method = serializers.ChoiceField(HeatmapMethod.values)
    state = serializers.ChoiceField(["waiting"])


class HeatmapSerializer(serializers.Serializer):
    """Where the captioner looked; `grid` lies over `box`, in fractions of the upright photo."""

    caption = serializers.UUIDField()
    method = serializers.ChoiceField(HeatmapMethod.values)
    model = serializers.CharField(required=False)
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    words = HeatWordSerializer(many=True)


class CaptionHeatmapView(ApiView):
    """``GET /api/v1/captions/{id}/heatmap/``: ask for a heat map, and read it."""

    @endpoint(
        name="caption_heatmap",
        tag="captions",
        summary="See where the captioner looked for each word",
        description="Asking makes the map: the first answer is usually 202 with `Retry-After`.",
        query=[HeatmapQuerySerializer],
        answers={200: HeatmapSerializer, 202: HeatmapWaitingSerializer},
        codes=["invalid", "not_found", "model_not_loaded", "no_active_model", "caption_translated"],
    )
    def get(self, request: Request, caption_id: UUID) -> Response:
        """Answer 200 with the heat map, or 202 while it is being made; asking makes it."""
        query = query_of(request, HeatmapQuerySerializer)
        caption = caption_for(request.user, caption_id)
        return heatmap_answer(heatmap_ask(caption=caption, method=query["method"]))
