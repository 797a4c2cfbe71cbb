"""What every page needs: the limits of an upload, the theme, and how the worker is."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from capsite.common.workerstate import worker_state
from gallery.access import may_upload
from gallery.models.job import Language
from gallery.services.jobs import jobs_waiting

THEMES = ("light", "dark", "contrast")
ACCEPTED = "image/jpeg,image/png,image/webp,image/gif,image/avif,image/heic,image/heif"


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the context of base.html; the worker is looked at only where it is shown."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "limits": _limits(),
        "worker": SimpleLazyObject(_worker),
        "can_upload": _can_upload(request),
        "caption_language": _caption_language(request),
    }


def _limits() -> dict[str, Any]:
    most = settings.CAPSITE_UPLOAD_MAX_BYTES
    return {
        "max_bytes": most,
        "max_mb": round(most / 1_048_576, 1),
        "max_megapixels": settings.CAPSITE_UPLOAD_MAX_PIXELS // 1_000_000,
        "accept": ACCEPTED,
    }


def _worker() -> dict[str, Any]:
    """Return state and queue length; lazily, so pages that show neither pay nothing."""
    return {"state": worker_state(), "waiting": jobs_waiting()}


def _caption_language(request: HttpRequest) -> str:
    """Return what captions of new photos are asked for in: as chosen, else as the page is."""
    wanted = (request.COOKIES.get("caption_language"), (get_language() or "")[:2])
    return next((code for code in wanted if code in Language.values), Language.ENGLISH)


def _can_upload(request: HttpRequest) -> bool:
    # An error page may be rendered before the middleware that knows who is asking.
    return may_upload(request.user) if hasattr(request, "user") else False
