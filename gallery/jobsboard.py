"""What administrators see above the list of jobs: queues, failures, workers and their figures."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from capsite.common.workermetrics import worker_metrics
from capsite.common.workerstate import worker_state
from gallery.models import CaptionJob
from gallery.models.job import ACTIVE, State
from gallery.reasons import reason_words

LATELY = timedelta(hours=24)
REASONS_SHOWN = 20
# Names that workers publish under; the web process cannot ask the workers' own module.
HITS = "capsite_feature_cache_hits_total"
MISSES = "capsite_feature_cache_misses_total"
OOM = "capsite_oom_retries_total"
JOBS = "capsite_caption_jobs_total"
LOADS = "capsite_model_loads_total"
BATCHES = "capsite_caption_batch_size"


@dataclass(frozen=True)
class Reason:
    """Why jobs failed: a code, how many have it, the newest words for it."""

    code: str
    message: str
    count: int
    last: datetime


@dataclass(frozen=True)
class Worker:
    """One living worker, by what it published last."""

    name: str
    seen: datetime
    jobs: int
    loads: int
    hits: int
    misses: int
    oom: int
    batch: float | None  # photos in a mean batch
    stages: list[tuple[str, float]]  # mean milliseconds of each


@dataclass(frozen=True)
class Board:
    """Everything at this moment."""

    queued: int
    oldest: datetime | None
    captioning: int
    done: int
    failed: int
    failed_lately: int
    reasons: list[Reason]
    state: str
    workers: list[Worker]

    @property
    def hits(self) -> int:
        """How many photos the feature cache spared the encoders."""
        return sum(worker.hits for worker in self.workers)

    @property
    def lookups(self) -> int:
        """How often the feature cache was asked."""
        return self.hits + sum(worker.misses for worker in self.workers)

    @property
    def hit_share(self) -> float | None:
        """Which share of the lookups found something."""
        return self.hits / self.lookups if self.lookups else None


def jobs_board() -> Board:
    """Read queues and failures in two queries, and ask Redis for the workers."""
    since = timezone.now() - LATELY
    counts = CaptionJob.objects.filter(Q(state__in=ACTIVE) | Q(finished_at__gte=since)).aggregate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        oldest=Min("created_at", filter=Q(state=State.QUEUED)),
        captioning=Count("pk", filter=Q(state=State.CAPTIONING)),
        done=Count("pk", filter=Q(state=State.DONE)),
        failed_lately=Count("pk", filter=Q(state=State.FAILED)),
    )
    reasons = _reasons()
    return Board(
        **counts,
        failed=sum(reason.count for reason in reasons),
        reasons=reasons[:REASONS_SHOWN],
        state=worker_state(),
        workers=[_worker(name, row) for name, row in sorted(worker_metrics().items())],
    )


def _reasons() -> list[Reason]:
    rows = CaptionJob.objects.filter(state=State.FAILED).order_by().values("error_code")
    found = rows.annotate(
        count=Count("pk"), last=Max("finished_at"), message=Max("error_message")
    ).order_by("-count", "error_code")
    return [
        Reason(code, reason_words(code, row["message"]), row["count"], row["last"])
        for row in found
        for code in [row["error_code"]]
    ]


def _worker(name: str, row: dict[str, Any]) -> Worker:
    counted: defaultdict[str, float] = defaultdict(float)
    for series in row.get("counters", []):
        counted[series["name"]] += series["value"]
    seconds: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for series in row.get("histograms", []):
        label = series["labels"].get("stage", series["name"])
        if label != BATCHES and "stage" not in series["labels"]:
            continue
        seconds[label][0] += series["sum"]
        seconds[label][1] += series["count"]
    means = {label: total / count for label, (total, count) in seconds.items() if count}
    batch = means.pop(BATCHES, None)
    return Worker(
        name=name,
        seen=datetime.fromtimestamp(row["at"], tz=timezone.get_current_timezone()),
        jobs=int(counted[JOBS]),
        loads=int(counted[LOADS]),
        hits=int(counted[HITS]),
        misses=int(counted[MISSES]),
        oom=int(counted[OOM]),
        batch=batch,
        stages=sorted((stage, mean * 1000) for stage, mean in means.items()),
    )
