"""The published texts of a photo: shown, written, promoted from a suggestion."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.panel import conflict_between, text_in, texts_of
from annotations.services import EditConflict, annotation_edit, caption_promote
from capsite.common.errors import CapsiteError, NotFound
from capsite.gateway.ratelimit import rate_request
from captions.access import caption_for
from captions.models import Caption
from captions.views.fragments import answer, whole_number
from gallery.access import image_for
from gallery.models import Image
from gallery.services.uploads import require_language
from gallery.views.fragments import is_fragment, members_only, piece_errors
from gallery.views.pages import photo_url

PAGE = "annotations/page.html"


@require_safe
@piece_errors
def texts(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Return the section of the published texts as it is now."""
    image = image_for(request.user, image_id)
    context = {"image": image, "texts": texts_of(image)}
    return render(request, "annotations/_texts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
@piece_errors
def edit(request: HttpRequest, image_id: UUID, language: str) -> HttpResponse:
    """Ask for a photo's text in a language; POST ``text`` and ``base_version`` publishes it.

    ``caption`` names the suggestion that the text began as.
    """
    image = image_for(request.user, image_id)
    require_language(language)
    if request.method == "POST":
        return _publish(request, image, language)
    caption = _suggestion(request, image, request.GET.get("caption", ""))
    text = text_in(image, language)
    context = {
        "base_version": text.version,
        "words": caption.text if caption else text.text,
        "caption_id": caption.pk if caption else "",
    }
    return _editor(request, image, language, context)


def _publish(request: HttpRequest, image: Image, language: str) -> HttpResponse:
    """Save what the editor sent; whatever is wrong with it, the words come back with it."""
    given = request.POST
    words, base = given.get("text", ""), given.get("base_version", "")
    try:
        rate_request(request, scope="write")
        caption = _suggestion(request, image, given.get("caption", ""))
        annotation_edit(
            person=request.user,
            image_id=image.pk,
            language=language,
            text=words,
            base_version=whole_number(base, "base_version"),
            caption_id=caption.pk if caption else None,
        )
    except EditConflict:
        source = given.get("caption", "")
        return conflicted(request, image, language, base=int(base), mine=words, caption_id=source)
    except CapsiteError as error:
        kept = {"words": words, "base_version": base, "caption_id": given.get("caption", "")}
        status = 422 if error.status == 400 else error.status
        return _editor(request, image, language, kept | {"error": error}, status)
    return shown(request, image, language)


@require_POST
@members_only
@piece_errors
def promote(request: HttpRequest, caption_id: UUID) -> HttpResponse:
    """Publish a suggestion as it stands, on top of ``base_version``."""
    rate_request(request, scope="write")
    caption = caption_for(request.user, caption_id)
    base = whole_number(request.POST.get("base_version"), "base_version")
    try:
        caption_promote(person=request.user, caption_id=caption_id, base_version=base)
    except EditConflict:
        place = (request, caption.image, caption.language)
        return conflicted(*place, base=base, mine=caption.text, caption_id=str(caption_id))
    return shown(request, caption.image, caption.language)


def shown(request: HttpRequest, image: Image, language: str) -> HttpResponse:
    """Return one language's text as it is now, or lead back to it on the photo page."""
    if not is_fragment(request):
        return redirect(f"{photo_url(image)}#text-{language}")
    return answer(request, "annotations/_text.html", "", _context(image, language))


def conflicted(
    request: HttpRequest,
    image: Image,
    language: str,
    *,
    base: int,
    mine: str,
    caption_id: str = "",
) -> HttpResponse:
    """Show both texts side by side, with the ways out; nothing is lost."""
    context = _context(image, language)
    conflict = conflict_between(context["text"], base_version=base, mine=mine)
    context |= {"conflict": conflict, "caption_id": caption_id}
    return answer(request, "annotations/_conflict.html", PAGE, context, status=409)


def _editor(
    request: HttpRequest,
    image: Image,
    language: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = _context(image, language) | context
    return answer(request, "annotations/_editor.html", PAGE, context, status=status)


def _context(image: Image, language: str) -> dict[str, Any]:
    return {"image": image, "text": text_in(image, language), "back_url": photo_url(image)}


def _suggestion(request: HttpRequest, image: Image, given: str) -> Caption | None:
    """Return the suggestion a text begins as; it is one of this photo's."""
    if not given:
        return None
    try:
        caption = caption_for(request.user, UUID(given))
    except ValueError as error:
        message = _("caption is the id of a suggestion.")
        raise CapsiteError("bad_id", message, field="caption") from error
    if caption.image_id != image.pk:
        raise NotFound(_("This suggestion belongs to another photo."))
    return caption
