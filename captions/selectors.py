"""Reads captions with the model that wrote them, in one query."""

from django.db.models import F, QuerySet

from captions.models import Caption
from gallery.models import CaptionJob, Image


def captions_of(image: Image) -> QuerySet[Caption]:
    """Return every caption of a photo, the most confident first."""
    captions = Caption.objects.filter(image=image).select_related("model")
    return captions.order_by(F("confidence").desc(nulls_last=True), "rank", "created_at")


def captions_of_job(job: CaptionJob) -> QuerySet[Caption]:
    """Return the captions one job made, best first."""
    return Caption.objects.filter(job=job).select_related("model").order_by("rank")
