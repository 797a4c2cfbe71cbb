"""The menu of a photo: share, download, rename, visibility, albums, delete."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capsite.common.errors import CapsiteError, NotFound
from capsite.gateway.ratelimit import rate_request
from gallery.access import image_for, image_owned, may_change
from gallery.albums import albums_offered
from gallery.cards import derivative_url
from gallery.models import Image
from gallery.models.image import Visibility
from gallery.selectors import best_caption
from gallery.services.albums import album_add, album_create, album_remove
from gallery.services.images import TITLE_LENGTH, image_delete, image_update
from gallery.views.fragments import is_fragment, members_only, piece_errors, refused_form
from gallery.views.pages import photo_url
from gallery.views.stored import stored_answer

PIECE, PAGE = "gallery/_actions.html", "gallery/actions.html"


@require_safe
@piece_errors
def actions(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show what this person may do with this photo."""
    return _menu(request, image_for(request.user, image_id, within=_told()))


@require_POST
@members_only
@piece_errors
def edit(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Change ``title`` or ``visibility``, whichever was sent."""
    given = {name: request.POST.get(name) for name in ("title", "visibility")}
    image = image_owned(request.user, image_id, within=_told())
    try:
        rate_request(request, scope="write")
        image_update(person=request.user, image_id=image_id, **given)
    except CapsiteError as error:
        return refused_form(request, error, _name(request), _context(request, image) | given)
    return _done(request, image_id)


@require_POST
@members_only
@piece_errors
def into_album(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Add to or remove from the album ``add`` or ``remove``; ``new`` makes one of that title."""
    image, given = image_for(request.user, image_id, within=_told()), request.POST
    try:
        rate_request(request, scope="write")
        _sort(request, image)
    except CapsiteError as error:
        kept = {"new_album": given.get("new", "")}
        kept |= {"kept_open": "albums"}
        return refused_form(request, error, _name(request), _context(request, image) | kept)
    return _done(request, image_id, kept_open="albums")


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@piece_errors
def delete(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Ask whether to delete the photo; POST does. Scripts wait a moment before they send it."""
    image = image_owned(request.user, image_id)
    if request.method != "POST":
        return render(request, "gallery/delete.html", {"image": image, "url": photo_url(image)})
    rate_request(request, scope="write")
    image_delete(person=request.user, image_id=image_id)
    return HttpResponse(status=204) if is_fragment(request) else redirect("gallery:index")


@require_safe
@members_only
@piece_errors
def original(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Return the bytes as they were uploaded, with the camera's notes: for their owner alone."""
    image = image_owned(request.user, image_id)
    name = slugify(image.title.rpartition(".")[0] or image.title) or image.pk
    return stored_answer(
        image.original,
        content_type=f"image/{image.format}",
        caching="private, no-store",
        filename=f"{name}.{image.format}",
    )


def _told() -> Any:
    """Photos with what is said of them, for the alternative text."""
    return Image.objects.prefetch_related("captions__model", "annotations")


def _sort(request: HttpRequest, image: Image) -> None:
    given, person = request.POST, request.user
    if "new" in given:
        with transaction.atomic():
            album = album_create(person=person, title=given["new"])
            album_add(person=person, album_id=album.pk, image_ids=[image.pk])
    elif "add" in given:
        album_add(person=person, album_id=_key(given["add"]), image_ids=[image.pk])
    else:
        album_remove(person=person, album_id=_key(given.get("remove", "")), image_ids=[image.pk])


def _key(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise NotFound(_("There is no such album, or it is private.")) from error


def _done(request: HttpRequest, image_id: UUID, **more: Any) -> HttpResponse:
    """Show the menu as it is now to a script; lead a browser back to the menu's own page."""
    if not is_fragment(request):
        return redirect("gallery:actions", image_id=image_id)
    image = image_for(request.user, image_id, within=_told())
    return _menu(request, image, changed=True, **more)


def _menu(request: HttpRequest, image: Image, **more: Any) -> HttpResponse:
    return render(request, _name(request), _context(request, image) | more)


def _name(request: HttpRequest) -> str:
    return PIECE if is_fragment(request) else PAGE


def _context(request: HttpRequest, image: Image) -> dict[str, Any]:
    return {
        "image": image,
        "address": request.build_absolute_uri(photo_url(image)),
        "alt": _alt(image),
        "largest_url": derivative_url(image, image.variants[-1]["name"]),
        "largest": image.variants[-1],
        "owned": may_change(request.user, image),
        "title": image.title,
        "title_length": TITLE_LENGTH,
        "visibilities": Visibility.choices,
        "albums": albums_offered(request.user, image),
    }


def _alt(image: Image) -> Any:
    """Return what is published of a photo, in the language of the page if it is, or suggested."""
    texts = list(image.annotations.all())
    spoken = [text for text in texts if text.language == get_language()]
    return next(iter(spoken or texts), None) or best_caption(image)
