"""Addresses for operators: the metrics, and what exactly runs."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST

from capsite.common.observing.registry import exposition
from capsite.common.outage import OUTAGES
from captions.observing.access import require_metrics
from captions.observing.collector import Site
from captions.serving import serving_plan


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the figures of this process and of the site, for Prometheus."""
    require_metrics(request)
    return HttpResponse(exposition(Site()), content_type=CONTENT_TYPE_LATEST)


@never_cache
def version(request: HttpRequest) -> JsonResponse:
    """Return name, version and commit of the site, and which captioner serves which language."""
    about = {"name": "capsite", "version": settings.VERSION, "revision": settings.CAPSITE_REVISION}
    return JsonResponse(about | {"models": _models()})


def _models() -> dict[str, dict[str, str]] | None:
    """Return the active version of each language; None while the database is away."""
    try:
        active = serving_plan().active
    except OUTAGES:
        return None
    return {
        language: {"name": model.name, "revision": model.revision}
        for language, model in active.items()
    }
