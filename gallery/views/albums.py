"""The pages of albums: the list, one album, and the forms that make, change and delete one."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capsite.common.errors import CapsiteError
from capsite.gateway.ratelimit import rate_request
from gallery.access import album_for, album_owned, may_change, may_upload
from gallery.albums import album_part, albums_part
from gallery.cards import card_of
from gallery.models import Album
from gallery.models.image import Visibility
from gallery.services.albums import (
    DESCRIPTION_LENGTH,
    TITLE_LENGTH,
    album_create,
    album_delete,
    album_remove,
    album_update,
)
from gallery.views.fragments import is_fragment, members_only, piece_errors, refused_form

FORM = "gallery/albums/form.html"


@require_safe
@piece_errors
def albums(request: HttpRequest) -> HttpResponse:
    """List public albums and one's own, or one's own alone (``?mine=1``)."""
    mine = "mine" in request.GET and request.user.is_authenticated
    part = albums_part(request.user, mine=mine, cursor=request.GET.get("cursor", ""))
    context = {"albums": part.rows, "next_cursor": part.next_cursor, "mine": mine}
    return render(request, _name(request, "_list", "index"), context)


@require_safe
@piece_errors
def album(request: HttpRequest, album_id: UUID) -> HttpResponse:
    """Show an album with its photos."""
    shown = album_for(request.user, album_id)
    part = album_part(request.user, shown, request.GET.get("cursor", ""))
    context = {
        "album": shown,
        "cards": [card_of(image) for image in part.rows],
        "next_cursor": part.next_cursor,
        "address": request.build_absolute_uri(request.path),
        "may_change": may_change(request.user, shown),
        "can_upload": may_upload(request.user),
    }
    return render(request, _name(request, "_photos", "album"), context)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@piece_errors
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a title; POST makes the album."""
    if request.method != "POST":
        return render(request, FORM, _form({"visibility": Visibility.PRIVATE}))
    try:
        rate_request(request, scope="write")
        made = album_create(person=request.user, **_given(request))
    except CapsiteError as error:
        return refused_form(request, error, FORM, _form(_given(request)))
    return redirect("gallery:album", album_id=made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@piece_errors
def edit(request: HttpRequest, album_id: UUID) -> HttpResponse:
    """Show title, description and visibility to change; POST changes them."""
    shown = album_owned(request.user, album_id)
    if request.method != "POST":
        values = {name: getattr(shown, name) for name in ("title", "description", "visibility")}
        return render(request, FORM, _form(values, shown))
    try:
        rate_request(request, scope="write")
        album_update(person=request.user, album_id=album_id, **_given(request))
    except CapsiteError as error:
        return refused_form(request, error, FORM, _form(_given(request), shown))
    return redirect("gallery:album", album_id=album_id)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@piece_errors
def delete(request: HttpRequest, album_id: UUID) -> HttpResponse:
    """Ask whether to delete the album; POST does."""
    shown = album_owned(request.user, album_id)
    if request.method != "POST":
        return render(request, "gallery/albums/delete.html", {"album": shown})
    rate_request(request, scope="write")
    album_delete(person=request.user, album_id=album_id)
    return redirect("gallery:albums")


@require_POST
@members_only
@piece_errors
def remove(request: HttpRequest, album_id: UUID, image_id: UUID) -> HttpResponse:
    """Take a photo out of the album, from the album's own page."""
    rate_request(request, scope="write")
    album_remove(person=request.user, album_id=album_id, image_ids=[image_id])
    if is_fragment(request):
        return HttpResponse()  # in place of the card: nothing
    return redirect("gallery:album", album_id=album_id)


def _name(request: HttpRequest, piece: str, page: str) -> str:
    further = "cursor" in request.GET and is_fragment(request)
    return f"gallery/albums/{piece if further else page}.html"


def _given(request: HttpRequest) -> dict[str, str]:
    given = request.POST
    return {
        "title": given.get("title", ""),
        "description": given.get("description", ""),
        "visibility": given.get("visibility", Visibility.PRIVATE),
    }


def _form(values: dict[str, Any], album: Album | None = None) -> dict[str, Any]:
    words = {
        Visibility.PUBLIC: _("Everybody sees it in the list of albums."),
        Visibility.UNLISTED: _("Everybody who has its address sees it."),
        Visibility.PRIVATE: _("Only you see it."),
    }
    return {
        "album": album,
        "values": values,
        "title_length": TITLE_LENGTH,
        "description_length": DESCRIPTION_LENGTH,
        "visibilities": [(item.value, item.label, words[item]) for item in Visibility],
    }
