"""Answers a heat map that is ready, waits, or failed; the same in every version."""

from rest_framework.response import Response

from capsite.common.errors import CapsiteError
from captions.models import CaptionHeatmap, HeatmapState

RETRY_AFTER_SECONDS = 1


def heatmap_answer(heatmap: CaptionHeatmap) -> Response:
    """Return 200 with the map, 202 while it is being made, or raise why there is none."""
    if heatmap.state == HeatmapState.FAILED:
        raise CapsiteError(heatmap.error_code, heatmap.error_message, status=422)
    body = {"caption": str(heatmap.caption_id), "method": heatmap.method}
    if heatmap.state == HeatmapState.WAITING:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return Response(body | {"state": heatmap.state}, status=202, headers=headers)
    return Response(body | (heatmap.payload or {}))
