"""The loaded versions: which one captions which job, switched without losing any."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from capsite.common.outage import OUTAGES
from captions.errors import RegistryError
from captions.models import CaptionModel
from captions.registry import model_failed, model_loaded
from captions.serving import FALLBACK, ServingPlan, serving_plan
from gallery.models import CaptionJob
from workers.pipeline.errors import PipelineError
from workers.serving.loading import Loaded, forget_translator
from workers.serving.metrics import METRICS, MODEL_FAILURES, MODEL_LOADS
from workers.serving.proof import PROOF

if TYPE_CHECKING:
    from workers.pipeline.captioner import Captioner

logger = logging.getLogger(__name__)

PLAN_SECONDS = 2.0  # how old the plan may be when a batch begins
RETRY_SECONDS = 60.0  # until a version that could not be loaded is tried again

Load = Callable[[CaptionModel], Loaded]


class NoCaptioner(PipelineError):
    """No version can be loaded at present; the reason stands in the registry and in the log."""

    def __init__(self) -> None:
        message = "No captioner can be loaded at present."
        super().__init__("model_unusable", message, retryable=True)


class Pool:
    """Holds the captioners that the serving plan names, by version.

    A new version is loaded before the old one is dropped. One that cannot be loaded is noted in
    the registry and tried again now and then; whatever served before goes on serving, or
    ``fallback`` where nothing did.
    """

    def __init__(
        self,
        load: Load,
        plan: Callable[[], ServingPlan] = serving_plan,
        fallback: CaptionModel | None = None,
    ) -> None:
        self._load = load
        self._ask = plan
        self._fallback = fallback
        self._plan = ServingPlan()
        self._asked_at = float("-inf")
        self._loaded: dict[int, Loaded] = {}
        self._served: dict[str, int] = {}  # the version that last served a language
        self._broken: dict[int, tuple[str, float]] = {}  # the reason, and when to try again
        self._used_at = time.monotonic()
        self._asleep = False

    def assign(self, jobs: Sequence[CaptionJob]) -> list[tuple[Loaded, list[CaptionJob]]]:
        """Return the jobs by the version that captions each; raises NoCaptioner.

        A photo always falls to the same version while the plan stays.
        """
        self.refresh()
        groups: dict[int, tuple[Loaded, list[CaptionJob]]] = {}
        for job in jobs:
            loaded = self._choose(job.language, str(job.image_id))
            groups.setdefault(loaded.model.pk, (loaded, []))[1].append(job)
        return list(groups.values())

    def english(self) -> Loaded:
        """Return the version that is active for English, loading it if need be."""
        if not self._loaded:
            self.refresh()
        self._used_at = time.monotonic()
        return self._choose(FALLBACK, "", candidates=False)

    def loaded(self) -> list[Loaded]:
        """Return what is in memory, and load nothing."""
        return list(self._loaded.values())

    def captioners(self) -> "dict[CaptionModel, Captioner]":
        """Return every captioner in memory by its version; never none."""
        self.english()
        return {item.model: item.captioner for item in self._loaded.values()}

    def refresh(self) -> None:
        """Read the plan if it is old, load what it names and then drop what it does not."""
        self._used_at, self._asleep = time.monotonic(), False
        self._read_plan()
        ready = {model.pk: self._ready(model) for model in self._plan.models()}
        if any(ready.values()):
            wanted = set(ready) | self._standing_in(ready)
            self._loaded = {pk: item for pk, item in self._loaded.items() if pk in wanted}
        if not self._loaded and self._fallback is not None:
            self._ready(self._fallback)

    def able(self) -> bool:
        """Tell whether to claim jobs: not while nothing is loaded and nothing could be.

        What could not be loaded is tried again in time, without a job that would pay for it.
        """
        if self._loaded or not self._broken:
            return True
        self.refresh()
        return bool(self._loaded)

    def _standing_in(self, ready: dict[int, bool]) -> set[int]:
        """Note who serves each language now; return those who stand in for a broken version."""
        standing = set()
        for language, model in self._plan.active.items():
            if ready[model.pk]:
                self._served[language] = model.pk
            elif language in self._served:
                standing.add(self._served[language])
        return standing

    def rest(self) -> None:
        """Do what a worker without jobs does: follow the plan, and drop the weights in time."""
        used_at, limit = self._used_at, settings.CAPSITE_IDLE_UNLOAD_SECONDS
        if self._asleep:
            return
        if limit and time.monotonic() - used_at >= limit:
            self.unload()
            logger.info("No job for %d s: the captioner is out of memory until one comes", limit)
            return
        self.refresh()
        if self._loaded:
            PROOF.step(self._choose(FALLBACK, "", candidates=False))
        self._used_at = used_at  # only jobs keep the weights in memory

    def unload(self) -> None:
        """Drop all weights; the next job loads them again."""
        from workers.pipeline.faults import give_back_memory

        forget_translator()
        self._loaded, self._asleep = {}, True
        give_back_memory()

    def _choose(self, language: str, key: str, *, candidates: bool = True) -> Loaded:
        """Return the version the plan wants, or else the nearest one that can be had."""
        try:
            active = self._plan.active[self._plan.language_for(language)]
            wanted = [self._plan.choose(language, key) if candidates else active, active]
        except RegistryError:
            wanted = []
        for model in wanted:
            if model.pk in self._loaded:
                if model is active:
                    self._served[language] = model.pk
                return self._loaded[model.pk]
        return self._standby(language)

    def _standby(self, language: str) -> Loaded:
        """Return what served the language before, or one that speaks it, or else English."""
        served = self._loaded.get(self._served.get(language, 0))
        if served is not None:
            return served
        newest = list(reversed(self._loaded.values()))
        for spoken in (language, FALLBACK):
            for loaded in newest:
                if spoken in loaded.model.languages:
                    return loaded
        if newest:
            return newest[0]
        raise NoCaptioner

    def _ready(self, model: CaptionModel) -> bool:
        """Load a version unless that is done, or failed a moment ago; tell whether it is there."""
        if model.pk in self._loaded:
            return True
        reason, again_at = self._broken.get(model.pk, ("", 0.0))
        if time.monotonic() < again_at:
            return False
        try:
            self._loaded[model.pk] = self._load(model)
        except Exception as error:
            known = isinstance(error, PipelineError)
            self._fail(model, str(error) if known else repr(error), before=reason)
            return False
        METRICS.count(MODEL_LOADS)
        self._broken.pop(model.pk, None)
        _noted(lambda: model_loaded(model=model))
        return True

    def _fail(self, model: CaptionModel, reason: str, *, before: str) -> None:
        self._broken[model.pk] = (reason, time.monotonic() + RETRY_SECONDS)
        METRICS.count(MODEL_FAILURES)
        if reason == before:  # said already
            return
        still = ", ".join(str(item.model) for item in self._loaded.values()) or "nothing"
        logger.error("%s cannot be loaded, %s serves on. %s", model, still, reason)
        _noted(lambda: model_failed(model=model, reason=reason))

    def _read_plan(self) -> None:
        if time.monotonic() - self._asked_at < PLAN_SECONDS:
            return
        try:
            plan = self._ask()
        except OUTAGES as error:
            connection.close()
            logger.warning("The serving plan could not be read: %s", error)
            return
        if plan.fingerprint != self._plan.fingerprint:
            self._broken.clear()  # an operator who chooses again wants another try
        self._plan, self._asked_at = plan, time.monotonic()


def _noted(write: Callable[[], None]) -> None:
    """Write a remark into the registry; the database being away costs the remark alone."""
    try:
        write()
    except OUTAGES as error:
        connection.close()
        logger.warning("The registry could not be told: %s", error)
