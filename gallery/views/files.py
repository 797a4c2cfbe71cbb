"""Serves derivatives: re-encoded pictures without metadata, never the uploaded bytes."""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from capsite.common.errors import NotFound
from gallery.access import image_for
from gallery.models.image import Visibility
from gallery.views.errors import page_errors

YEAR = 31_536_000


@require_safe
@page_errors
def derivative(request: HttpRequest, image_id: UUID, variant: str) -> HttpResponse:
    """Return one derivative; a photo's derivatives never change, so browsers may keep them."""
    image = image_for(request.user, image_id)
    if variant not in {item["name"] for item in image.variants}:
        raise NotFound(_("This photo has no picture of that size."))
    try:
        with default_storage.open(image.derivative(variant)) as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError as error:
        raise NotFound(_("The file of this photo is missing.")) from error
    scope = "public" if image.visibility == Visibility.PUBLIC else "private"
    response["Cache-Control"] = f"{scope}, max-age={YEAR}, immutable"
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="{image.pk}.webp"'
    return response
