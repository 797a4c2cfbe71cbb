"""Serves derivatives: re-encoded pictures without metadata, never the uploaded bytes."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from capsite.common.errors import NotFound
from gallery.access import image_for
from gallery.models.image import Visibility
from gallery.views.errors import page_errors
from gallery.views.stored import stored_answer

YEAR = 31_536_000


@require_safe
@page_errors
def derivative(request: HttpRequest, image_id: UUID, variant: str) -> HttpResponse:
    """Return one derivative; a photo's derivatives never change, so browsers may keep them."""
    image = image_for(request.user, image_id)
    if variant not in {item["name"] for item in image.variants}:
        raise NotFound(_("This photo has no picture of that size."))
    scope = "public" if image.visibility == Visibility.PUBLIC else "private"
    return stored_answer(
        image.derivative(variant),
        content_type="image/webp",
        caching=f"{scope}, max-age={YEAR}, immutable",
        filename=f"{image.pk}.webp" if "download" in request.GET else "",
    )
