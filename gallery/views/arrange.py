"""The page on which an album's photos are put in order, by hand, by key or by plain forms."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from capsite.common.errors import CapsiteError
from capsite.gateway.ratelimit import rate_request
from gallery.access import album_owned
from gallery.albums import album_arranged
from gallery.cards import card_of
from gallery.services.albums import album_move, album_shift
from gallery.views.fragments import is_fragment, members_only, piece_errors


@require_safe
@members_only
@piece_errors
def arrange(request: HttpRequest, album_id: UUID) -> HttpResponse:
    """Show an album's photos in reading order, with what moves them."""
    album = album_owned(request.user, album_id)
    part = album_arranged(request.user, album, request.GET.get("cursor", ""))
    context = {
        "album": album,
        "cards": [card_of(image) for image in part.rows],
        "next_cursor": part.next_cursor,
    }
    further = "cursor" in request.GET and is_fragment(request)
    name = "gallery/albums/_arranged.html" if further else "gallery/albums/arrange.html"
    return render(request, name, context)


@require_POST
@members_only
@piece_errors
def move(request: HttpRequest, album_id: UUID, image_id: UUID) -> HttpResponse:
    """Move a photo ``after`` another one (to the front where that is empty), or ``by`` places."""
    rate_request(request, scope="write")
    photo: dict[str, Any] = {"person": request.user, "album_id": album_id, "image_id": image_id}
    if "by" in request.POST:
        album_shift(**photo, by=_number(request.POST["by"]))
    else:
        album_move(**photo, after=_key(request.POST.get("after", "")))
    if is_fragment(request):
        return HttpResponse(status=204)
    return redirect(f"{reverse('gallery:album_arrange', args=[album_id])}#photo-{image_id}")


def _number(given: str) -> int:
    try:
        return max(-10_000, min(10_000, int(given)))
    except ValueError as error:
        raise CapsiteError("invalid", _("by is a whole number."), field="by") from error


def _key(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise CapsiteError("bad_id", _("after is the id of a photo."), field="after") from error
