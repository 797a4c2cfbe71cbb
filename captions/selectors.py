"""Reads captions with the model that wrote them, and versions with what they serve."""

from django.db.models import Aggregate, Avg, Count, F, Q, QuerySet

from captions.models import Caption, CaptionModel, ModelEvent
from gallery.models import CaptionJob, Image
from gallery.models.job import Language


def captions_of(image: Image) -> QuerySet[Caption]:
    """Return every caption of a photo, the most confident first."""
    captions = Caption.objects.filter(image=image).select_related("model")
    return captions.order_by(F("confidence").desc(nulls_last=True), "rank", "created_at")


def captions_of_job(job: CaptionJob) -> QuerySet[Caption]:
    """Return the captions one job made, best first."""
    return Caption.objects.filter(job=job).select_related("model").order_by("rank")


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


def model_log(language: str = "") -> QuerySet[ModelEvent]:
    """Return the registry's log, newest first; of one language, or of all."""
    rows = ModelEvent.objects.select_related("model", "previous")
    return rows.filter(language=language) if language else rows
