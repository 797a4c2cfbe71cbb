"""Reads captions with the model that wrote them, and versions with what they serve."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Aggregate, Avg, Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from captions.access import require_moderator
from captions.models import (
    Caption,
    CaptionModel,
    ModelEvent,
    ModelRole,
    ModerationCase,
    Role,
    Vote,
)
from gallery.access import Person
from gallery.models import CaptionJob, Image
from gallery.models.image import Visibility
from gallery.models.job import Language
from gallery.selectors import with_captions

USE = [f"{what}_{code}" for code in Language.values for what in ("captions", "confidence")]
USE_KEY, USE_SECONDS = "versions-use", 300


def captions_of(image: Image) -> QuerySet[Caption]:
    """Return every caption of a photo, the most confident first."""
    captions = Caption.objects.filter(image=image).select_related("model")
    return captions.order_by(F("confidence").desc(nulls_last=True), "rank", "created_at")


def captions_of_job(job: CaptionJob) -> QuerySet[Caption]:
    """Return the captions one job made, best first."""
    return Caption.objects.filter(job=job).select_related("model").order_by("rank")


def captions_of_jobs(jobs: Iterable[CaptionJob]) -> QuerySet[Caption]:
    """Return the captions of several jobs, the most confident first."""
    rows = Caption.objects.filter(job__in=[job.pk for job in jobs]).select_related("model")
    return rows.order_by("-confidence", "rank", "created_at", "id")


def versions() -> QuerySet[CaptionModel]:
    """Return every registered version with its roles, the newest first; two queries."""
    return CaptionModel.objects.prefetch_related("roles").order_by("-registered_at", "-pk")


def versions_with_use() -> QuerySet[CaptionModel]:
    """Return ``versions()`` with what each wrote, to compare active and candidate.

    Per language: ``captions_en`` counts its captions, ``confidence_en`` is the mean confidence of
    the best caption of each job (None without captions).
    """
    use: dict[str, Aggregate] = {}
    for code in Language.values:
        written = Q(caption__language=code)
        use[f"captions_{code}"] = Count("caption", filter=written)
        use[f"confidence_{code}"] = Avg("caption__confidence", filter=written & Q(caption__rank=0))
    return versions().annotate(**use)


def versions_in_use(count: int) -> list[CaptionModel]:
    """Return the newest of ``versions_with_use()``, their use at most USE_SECONDS old.

    To count it every caption is read, 1.5 s for five million; two queries either way.
    """
    use = _use_kept()
    if use is None:
        rows = list(versions_with_use())
        kept = {row.pk: {name: getattr(row, name) for name in USE} for row in rows}
        with suppress(Exception):  # without Redis it is counted each time
            cache.set(USE_KEY, kept, timeout=USE_SECONDS)
        return rows[:count]
    rows = list(versions()[:count])
    for row in rows:
        for name in USE:
            setattr(row, name, use.get(row.pk, {}).get(name, 0 if "captions" in name else None))
    return rows


def _use_kept() -> dict[int, dict[str, Any]] | None:
    try:
        return cache.get(USE_KEY)
    except Exception:  # as above
        return None


def model_log(language: str = "") -> QuerySet[ModelEvent]:
    """Return the registry's log, newest first; of one language, or of all."""
    rows = ModelEvent.objects.select_related("model", "previous")
    return rows.filter(language=language) if language else rows


def captions_matching(
    image: Image, *, language: str = "", strategy: str = "", min_confidence: float | None = None
) -> QuerySet[Caption]:
    """Return a photo's captions of a kind; ``sureness`` sorts them, those of people last."""
    rows = Caption.objects.filter(image=image).select_related("model")
    if language:
        rows = rows.filter(language=language)
    if strategy:
        rows = rows.filter(strategy=strategy)
    if min_confidence is not None:
        rows = rows.filter(confidence__gte=min_confidence)
    return rows.annotate(sureness=Coalesce("confidence", Value(-1.0)))


def caption_best(image: Image, language: str | None = None) -> Caption | None:
    """Return the most confident of the prefetched captions, in ``language`` where there are any."""
    captions: list[Caption] = list(image.captions.all())
    spoken = [caption for caption in captions if caption.language == language]
    return max(spoken or captions, key=lambda caption: caption.confidence or 0.0, default=None)


def images_detailed(images: QuerySet[Image]) -> QuerySet[Image]:
    """Add owners, jobs, captions and published texts: a fixed number of queries."""
    return with_captions(images.select_related("owner")).prefetch_related("annotations__author")


def votes_mine(person: Person, captions: Iterable[Caption]) -> dict[UUID, int]:
    """Return what ``person`` voted on these captions, by caption; one query."""
    wanted = [caption.pk for caption in captions]
    if not person.is_authenticated or not wanted:
        return {}
    rows = Vote.objects.filter(voter_id=person.pk, caption__in=wanted)
    return dict(rows.values_list("caption_id", "value"))


def votes_of(person: Person) -> QuerySet[Vote]:
    """Return a member's votes on captions that are still shown to them, the latest first."""
    seen = ~Q(caption__image__visibility=Visibility.PRIVATE) | Q(caption__image__owner_id=person.pk)
    rows = Vote.objects.filter(seen, voter_id=person.pk, caption__hidden_at__isnull=True)
    return rows.select_related("caption__model").order_by("-updated_at", "-id")


def cases_listed(person: Person, state: str = "") -> QuerySet[ModerationCase]:
    """Return the moderation cases, or those in a state, for moderators; the newest first."""
    require_moderator(person)
    rows = ModerationCase.objects.select_related("caption__model", "caption__image", "decided_by")
    rows = rows.filter(state=state) if state else rows
    return rows.order_by("-opened_at", "-id")


def active_models() -> dict[str, str]:
    """Return the version that writes each language, by its code."""
    roles = ModelRole.objects.filter(role=Role.ACTIVE).select_related("model")
    return {role.language: str(role.model) for role in roles}
