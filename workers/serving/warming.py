"""Encodes the photos that are asked for most, once after the start, while there is no job."""

import logging
from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.core.files.storage import default_storage

from gallery.models import CaptionJob
from gallery.models.job import State
from workers.pipeline.errors import PipelineError
from workers.pipeline.faults import DeviceLost
from workers.serving.pool import Pool

logger = logging.getLogger(__name__)

LOOK_BACK = 1000  # jobs


class Warmer:
    """Fills the feature cache photo by photo, so that a job never waits for more than one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._photos: Iterator[str] | None = None

    def step(self) -> bool:
        """Encode the next photo; False when there is none left, or nowhere to keep it.

        Raises DeviceLost; any other failure ends the warming, which nobody waits for.
        """
        try:
            self._photos = popular_photos() if self._photos is None else self._photos
            name = next(self._photos, None)
            if name is not None:
                with default_storage.open(name) as file:
                    self._pool.english().captioner.remember([file.read()])
        except DeviceLost:
            raise
        except (OSError, PipelineError) as error:
            logger.warning("A photo was not encoded ahead: %s", error)
        except Exception:
            logger.exception("No more photos are encoded ahead")
            self._photos = iter(())
        else:
            return name is not None
        return True


def popular_photos() -> Iterator[str]:
    """Return the storage names of the photos asked for most by the latest LOOK_BACK done jobs."""
    if not (settings.CAPSITE_FEATURE_CACHE and settings.CAPSITE_WARM_PHOTOS):
        return iter(())
    # A photo that kills its worker has a limit of attempts as a job; here it would have none.
    done = CaptionJob.objects.filter(state=State.DONE).select_related("image")
    jobs = done.order_by("-created_at")[:LOOK_BACK]
    asked = Counter(job.image.original for job in jobs)
    return iter([name for name, _times in asked.most_common(settings.CAPSITE_WARM_PHOTOS)])
