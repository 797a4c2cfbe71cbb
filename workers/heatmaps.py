"""Works out the word heat maps that were asked for, one after the other."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage

from captions.heatmaps import heatmap_claim, heatmap_fail, heatmap_store
from captions.models import CaptionHeatmap, CaptionModel
from workers.pipeline.errors import PipelineError

if TYPE_CHECKING:
    from workers.pipeline.captioner import Captioner

logger = logging.getLogger(__name__)

DIGITS = 6
MOST_AT_ONCE = 16  # then photos that wait have their turn; every question wakes a worker itself


def drain_heatmaps(
    captioners: "Mapping[CaptionModel, Captioner]", stopping: Callable[[], bool] = lambda: False
) -> int:
    """Answer questions to these versions, at most MOST_AT_ONCE; return how many."""
    worked = 0
    while worked < MOST_AT_ONCE and not stopping():
        heatmap = heatmap_claim(captioners)
        if heatmap is None:
            break
        _work(heatmap, captioners[heatmap.model])
        worked += 1
    return worked


def _work(heatmap: CaptionHeatmap, captioner: "Captioner") -> None:
    """Whatever goes wrong is noted as this heat map's failure, so that nobody waits for ever."""
    try:
        payload = _payload(heatmap, captioner)
    except PipelineError as error:
        heatmap_fail(heatmap, code=error.code, message=error.message)
    except FileNotFoundError:
        message = "The file of this photo is missing."
        heatmap_fail(heatmap, code="photo_missing", message=message)
    except Exception:
        logger.exception("The heat map of caption %s failed", heatmap.caption_id)
        message = "Where the captioner looked could not be worked out."
        heatmap_fail(heatmap, code="inference_failed", message=message)
    else:
        heatmap_store(heatmap, payload)


def _payload(heatmap: CaptionHeatmap, captioner: "Captioner") -> dict[str, Any]:
    from workers.pipeline.heatmaps import explain

    caption = heatmap.caption
    with default_storage.open(caption.image.original) as file:
        photo = file.read()
    made = explain(captioner, photo, caption.text, caption.language, heatmap.method)
    return {
        "model": str(heatmap.model),
        "box": [round(edge, DIGITS) for edge in made.box],
        "words": [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "grid": [[round(value, DIGITS) for value in row] for row in word.grid],
            }
            for word in made.words
        ],
    }
