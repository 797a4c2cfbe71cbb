"""REST version 1: where the captioner looked for each word of a caption."""

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capsite.common.errors import CapsiteError
from captions.access import caption_for
from captions.heatmaps import heatmap_ask
from captions.models import CaptionHeatmap, HeatmapMethod, HeatmapState

RETRY_AFTER_SECONDS = 1


class HeatmapQuerySerializer(serializers.Serializer):
    """The query of a heat map."""

    method = serializers.ChoiceField(HeatmapMethod.choices, default=HeatmapMethod.ATTENTION)


class CaptionHeatmapView(APIView):
    """``GET /api/v1/captions/{id}/heatmap/``: ask for a heat map, and read it."""

    def get(self, request: Request, caption_id: UUID) -> Response:
        """Answer 200 with the heat map, or 202 while it is being made; asking makes it."""
        query = HeatmapQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        caption = caption_for(request.user, caption_id)
        heatmap = heatmap_ask(caption=caption, method=query.validated_data["method"])
        return self._answer(heatmap)

    def _answer(self, heatmap: CaptionHeatmap) -> Response:
        if heatmap.state == HeatmapState.FAILED:
            raise CapsiteError(heatmap.error_code, heatmap.error_message, status=422)
        body = {"caption": str(heatmap.caption_id), "method": heatmap.method}
        if heatmap.state == HeatmapState.WAITING:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return Response(body | {"state": heatmap.state}, status=202, headers=headers)
        return Response(body | (heatmap.payload or {}))
