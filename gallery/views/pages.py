"""The pages people look at, and the fragments that keep them true."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capsite.common.errors import CapsiteError, Forbidden
from gallery.access import image_for, may_retry, may_upload
from gallery.cards import card_of, languages_left
from gallery.models import Image
from gallery.models.job import Strategy
from gallery.selectors import gallery_page, images_by_id, neighbours, with_captions
from gallery.services.jobs import job_retry
from gallery.services.uploads import captions_ask
from gallery.views.errors import page_errors
from gallery.ways import ways_of

MAX_CARDS = 100


@require_safe
@page_errors
def index(request: HttpRequest) -> HttpResponse:
    """Show the gallery; with htmx and a cursor, the next cards only."""
    cursor = request.GET.get("cursor", "")
    page = gallery_page(request.user, cursor=cursor)
    context = {
        "cards": [card_of(image) for image in page.images],
        "next_cursor": page.next_cursor,
        "can_upload": may_upload(request.user),
    }
    fragment = bool(cursor) and request.headers.get("HX-Request") == "true"
    name = "gallery/_cards.html" if fragment else "gallery/index.html"
    return render(request, name, context)


@require_safe
@page_errors
def cards(request: HttpRequest) -> HttpResponse:
    """Return cards as they are now, for a page that reconnects or hears of a new photo."""
    ids = _ids(request.GET.get("ids", ""))
    found = [card_of(image) for image in images_by_id(request.user, ids)]
    context = {
        "cards": found,
        "next_cursor": None,
        "can_upload": may_upload(request.user),
    }
    return render(request, "gallery/_cards.html", context)


def _ids(raw: str) -> list[UUID]:
    parts = [part for part in raw.split(",") if part]
    if len(parts) > MAX_CARDS:
        message = _("Ask for at most %(most)d photos at once.") % {"most": MAX_CARDS}
        raise CapsiteError("too_many_ids", message, field="ids")
    try:
        return [UUID(part) for part in parts]
    except ValueError as error:
        message = _("ids is a list of photo ids, separated by commas.")
        raise CapsiteError("bad_id", message, field="ids") from error


@require_safe
@page_errors
def photo(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show one photo with its captions."""
    image = image_for(request.user, image_id, within=with_captions(Image.objects.all()))
    newer, older = neighbours(request.user, image)
    context = _photo_context(request, image) | {
        "previous_url": newer and photo_url(newer),
        "next_url": older and photo_url(older),
        "credit": image.credit or None,
    }
    return render(request, "gallery/photo.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_errors
def captions(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Return the captions panel as it is now; POST asks in a ``language``, by a ``strategy``."""
    if request.method == "POST":
        image = _may_be_asked(request, image_id)
        strategy = request.POST.get("strategy", Strategy.BEAM)
        captions_ask(image=image, language=request.POST.get("language", ""), strategy=strategy)
        return _asked(request, image)
    image = image_for(request.user, image_id, within=with_captions(Image.objects.all()))
    return render(request, "gallery/_captions.html", _photo_context(request, image))


def _photo_context(request: HttpRequest, image: Image) -> dict[str, Any]:
    card = card_of(image)
    return {
        "card": card,
        "image": image,
        "captions": card.captions,
        "job": image.latest_job,
        "srcset": card.srcset,
        "large_url": card.large_url,
        "page_title": image.title or _("Photo"),
        "can_upload": may_upload(request.user),
        "languages_left": languages_left(image) if may_retry(request.user, image) else [],
        "ways": ways_of(image),
        "may_ask": may_retry(request.user, image),
    }


def photo_url(image: Image) -> str:
    """Return the address of a photo's page."""
    return reverse("gallery:photo", args=[image.pk])


@require_POST
@page_errors
def retry(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Queue a photo whose captioning failed once more."""
    image = _may_be_asked(request, image_id)
    job_retry(image)
    return _asked(request, image)


def _may_be_asked(request: HttpRequest, image_id: UUID) -> Image:
    image = image_for(request.user, image_id)
    if not may_retry(request.user, image):
        raise Forbidden(_("Sign in to ask for captions."), code="sign_in_required")
    return image


def _asked(request: HttpRequest, image: Image) -> HttpResponse:
    """Answer a form that asked for captions: they come over the socket."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    return redirect("gallery:photo", image_id=image.pk)
