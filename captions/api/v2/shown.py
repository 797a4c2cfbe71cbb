"""Turns rows into what version 2 answers, with the reader's votes in one query for all."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request

from capsite.common.errors import NotFound
from captions.api.shared.languages import language_wanted
from captions.api.v2.serializers.captions import CaptionSerializer
from captions.api.v2.serializers.images import ImageSerializer
from captions.models import Caption
from captions.selectors import caption_best, images_detailed, votes_mine
from gallery.models import Image


def captions_shown(request: Request, captions: Iterable[Caption]) -> list[dict[str, Any]]:
    """Return captions with their votes."""
    rows = list(captions)
    context = {"mine": votes_mine(request.user, rows)}
    return list(CaptionSerializer(rows, many=True, context=context).data)


def images_shown(request: Request, images: Iterable[Image]) -> list[dict[str, Any]]:
    """Return photos that ``images_detailed`` read; the best caption in the language asked for."""
    rows = list(images)
    language = language_wanted(request)
    best = [caption for image in rows if (caption := caption_best(image, language))]
    context = {
        "request": request,
        "language": language,
        "mine": votes_mine(request.user, best),
    }
    return list(ImageSerializer(rows, many=True, context=context).data)


def image_shown(request: Request, image_id: UUID) -> dict[str, Any]:
    """Return one photo, which the caller has made sure may be seen."""
    found = images_detailed(Image.objects.filter(pk=image_id))
    if not found:
        raise NotFound(_("This photo was removed meanwhile."))
    return images_shown(request, found)[0]
