"""The only writer of word heat maps: ask, claim, store, fail; asking is also how they are read.

The row is the job. Nothing sweeps: whoever still wants a heat map asks again, and that wakes a
worker again when nobody works on it.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError, NotFound
from capsite.common.queues import HEATMAPS, wake_on_commit
from captions.models import Caption, CaptionHeatmap, CaptionModel, HeatmapState, ModelRole, Role

LEASE = timedelta(seconds=30)  # a word heat map takes well under a second without a GPU
WAKE_AGAIN = timedelta(seconds=3)
FAILURE_STANDS = timedelta(minutes=1)
ATTEMPTS = 3


def heatmap_ask(*, caption: Caption, method: str) -> CaptionHeatmap:
    """Return the heat map of a caption: ready, failed not long ago, or waiting for a worker.

    A model's caption is explained by the version that wrote it, a person's by the active one of its
    language. Any number of askers share one row and one computation. Raises CapsiteError where no
    worker could answer: ``model_not_loaded``, ``no_active_model`` (409), ``caption_translated``.
    """
    model = caption.model or _active_model(caption.language)
    _require_own_words(caption)
    asked = CaptionHeatmap.objects.filter(caption=caption, method=method, model=model)
    found = asked.first()
    if found is not None and found.state == HeatmapState.READY:
        return found
    _require_serving(model)
    if found is None:
        return _asked_first(caption, method, model)
    if _asked_again(asked, found.state):
        wake_on_commit(HEATMAPS)
        found.refresh_from_db()
    return found


def _active_model(language: str) -> CaptionModel:
    roles = ModelRole.objects.filter(language=language, role=Role.ACTIVE)
    role = roles.select_related("model").first()
    if role is None:
        message = _("No captioner for the language of this caption is in use.")
        raise CapsiteError("no_active_model", message, status=409)
    return role.model


def _require_own_words(caption: Caption) -> None:
    if caption.model and caption.language not in caption.model.languages:
        message = _("This caption was translated: the captioner looked for no word of it.")
        raise CapsiteError("caption_translated", message, status=422)


def _require_serving(model: CaptionModel) -> None:
    if model.failure or not ModelRole.objects.filter(model=model).exists():
        message = _("The captioner that wrote this caption is not in use now.")
        raise CapsiteError("model_not_loaded", message, status=409, model=str(model))


def _asked_first(caption: Caption, method: str, model: CaptionModel) -> CaptionHeatmap:
    try:
        found, created = CaptionHeatmap.objects.get_or_create(
            caption=caption, method=method, model=model, defaults={"asked_at": Now()}
        )
    except IntegrityError:  # the caption was deleted meanwhile
        raise NotFound(_("This photo was removed meanwhile.")) from None
    if created:
        wake_on_commit(HEATMAPS)
    return found


def _asked_again(asked: QuerySet[CaptionHeatmap], state: str) -> bool:
    """Let a row be worked on again; False where that is under way, or failed a moment ago."""
    if state == HeatmapState.WAITING:
        unheard = _untaken() & Q(asked_at__lt=Now() - WAKE_AGAIN)
        return bool(asked.filter(unheard, state=state).update(asked_at=Now()))
    stale = asked.filter(state=state, asked_at__lt=Now() - FAILURE_STANDS)
    anew = {"attempts": 0, "error_code": "", "error_message": ""}
    return bool(stale.update(state=HeatmapState.WAITING, asked_at=Now(), **anew))


def _untaken() -> Q:
    return Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=Now())


def heatmap_claim(models: Iterable[CaptionModel]) -> CaptionHeatmap | None:
    """Lease the oldest question to one of ``models``, or return None; others skip locked rows.

    One that was tried too often, by workers that never came back, fails for good.
    """
    waiting = CaptionHeatmap.objects.filter(
        _untaken(), state=HeatmapState.WAITING, model__in=list(models)
    )
    rows = waiting.select_related("caption__image", "model").order_by("asked_at")
    while True:
        with transaction.atomic():
            row = rows.select_for_update(of=("self",), skip_locked=True).first()
            if row is None:
                return None
            if row.attempts < ATTEMPTS:
                lease = Now() + LEASE
                mine = CaptionHeatmap.objects.filter(pk=row.pk)
                mine.update(lease_expires_at=lease, attempts=F("attempts") + 1)
                return row
            message = "The worker stopped several times while it worked this out."
            heatmap_fail(row, code="worker_lost", message=message)


def heatmap_store(heatmap: CaptionHeatmap, payload: dict[str, Any]) -> bool:
    """Answer a question; False where another worker was quicker, which found the same."""
    return _settle(heatmap, state=HeatmapState.READY, payload=payload)


def heatmap_fail(heatmap: CaptionHeatmap, *, code: str, message: str) -> bool:
    """Note why a question has no answer now; who asks a minute later starts it anew."""
    reason = {"error_code": code, "error_message": message}
    return _settle(heatmap, state=HeatmapState.FAILED, asked_at=Now(), **reason)


def _settle(heatmap: CaptionHeatmap, **changes: Any) -> bool:
    waiting = CaptionHeatmap.objects.filter(pk=heatmap.pk, state=HeatmapState.WAITING)
    return bool(waiting.update(lease_expires_at=None, **changes))
