"""Every version of a published text, and the way back to one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from annotations.panel import PublishedText, timeline_of
from annotations.selectors import annotation_for
from annotations.services import EditConflict, annotation_revert
from annotations.views.texts import conflicted, shown
from capsite.gateway.ratelimit import rate_request
from captions.views.fragments import answer, whole_number
from gallery.views.fragments import members_only, piece_errors
from gallery.views.pages import photo_url


@require_safe
@piece_errors
def versions(request: HttpRequest, annotation_id: UUID) -> HttpResponse:
    """Show versions, the newest first; ``before`` goes on below a number."""
    annotation = annotation_for(request.user, annotation_id)
    before = whole_number(request.GET.get("before") or "0", "before")
    context = {
        "annotation": annotation,
        "image": annotation.image,
        "timeline": timeline_of(annotation, before),
        "back_url": photo_url(annotation.image),
        "text": PublishedText(annotation.image_id, annotation.language, annotation),
    }
    return answer(request, "annotations/_versions.html", "annotations/versions.html", context)


@require_POST
@members_only
@piece_errors
def revert(request: HttpRequest, annotation_id: UUID) -> HttpResponse:
    """Publish version ``number`` again, on top of ``base_version``."""
    rate_request(request, scope="write")
    annotation = annotation_for(request.user, annotation_id)
    number = whole_number(request.POST.get("number"), "number")
    base = whole_number(request.POST.get("base_version"), "base_version")
    try:
        annotation_revert(
            person=request.user, annotation_id=annotation_id, number=number, base_version=base
        )
    except EditConflict:
        mine = annotation.revisions.get(number=number).text
        return conflicted(request, annotation.image, annotation.language, base=base, mine=mine)
    return shown(request, annotation.image, annotation.language)
