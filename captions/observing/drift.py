"""Whether the captioners are as sure of themselves as they used to be.

The confidence of each version's best captions over the last day is compared with that of the weeks
before, by the population stability index over tenths of confidence: the sum over the tenths of
``(now - before) * ln(now / before)``, which are shares. Below 0.1 little has moved; from 0.25 on
the photos, or the model, are others than they were.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q
from django.db.models.functions import Floor, Least
from django.utils import timezone

from captions.models import Caption, Origin

logger = logging.getLogger(__name__)

TENTHS = 10
RECENT = timedelta(days=1)
REFERENCE = timedelta(days=28)
# Fewer captions on either side say more about chance than about the model.
ENOUGH = 100
KEPT_SECONDS = 600
KEY = "confidence-drift"


@dataclass(frozen=True)
class Drift:
    """One version's confidence in one language: captions by tenth, lately and before."""

    model: str
    language: str
    recent: list[int]
    reference: list[int]

    @property
    def index(self) -> float | None:
        """The population stability index; None while there are too few captions to say."""
        if min(sum(self.recent), sum(self.reference)) < ENOUGH:
            return None
        return stability_index(self.recent, self.reference)


def stability_index(recent: Sequence[int], reference: Sequence[int]) -> float:
    """Return how far two distributions over the same bins lie apart; 0 where they are alike.

    Half a caption is added to each bin, as an empty one would make the index infinite.
    """
    now, before = _shares(recent), _shares(reference)
    return sum((a - b) * math.log(a / b) for a, b in zip(now, before, strict=True))


def drifts() -> list[Drift]:
    """Return every version's drift, at most ten minutes old; all web processes share one count."""
    try:
        rows = cache.get(KEY)
    except Exception as error:  # without Redis every scrape would count anew
        logger.warning("No figures of drift: %r", error)
        return []
    if rows is None:
        rows = [asdict(drift) for drift in _counted()]
        with suppress(Exception):  # lost since it was asked: counted anew next time
            cache.set(KEY, rows, timeout=KEPT_SECONDS)
    return [Drift(**row) for row in rows]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + len(counts) / 2
    return [(count + 0.5) / total for count in counts]


def _counted() -> list[Drift]:
    now = timezone.now()
    recent = Q(created_at__gte=now - RECENT)
    tenth = Least(Floor(F("confidence") * TENTHS), float(TENTHS - 1))
    rows = (
        Caption.everything.filter(
            origin=Origin.MODEL,
            rank=0,
            confidence__isnull=False,
            created_at__gte=now - RECENT - REFERENCE,
        )
        .order_by()
        .annotate(tenth=tenth)
        .values("model__name", "model__revision", "language", "tenth")
        .annotate(lately=Count("pk", filter=recent), before=Count("pk", filter=~recent))
    )
    return _by_version(rows)


def _by_version(rows: Any) -> list[Drift]:
    recent: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * TENTHS)
    reference: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * TENTHS)
    for row in rows:
        key = (f"{row['model__name']} {row['model__revision']}", row["language"])
        recent[key][int(row["tenth"])] = row["lately"]
        reference[key][int(row["tenth"])] = row["before"]
    return [Drift(*key, recent[key], reference[key]) for key in sorted(recent)]
