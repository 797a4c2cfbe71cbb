"""The address the upload tray sends photos to."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from capsite.common.errors import CapsiteError
from capsite.gateway.ratelimit import rate_request
from gallery.access import require_upload
from gallery.cards import card_of
from gallery.models import CaptionJob, Image
from gallery.models.job import Language
from gallery.reasons import reason_words
from gallery.selectors import with_words
from gallery.services.uploads import image_upload
from gallery.views.errors import error_response


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take one photo in the multipart field ``image``: 201 new, 200 known, 4xx with a reason.

    The field ``language`` says what its captions are asked for in; English unless it is there.
    """
    try:
        require_upload(request.user)
        rate_request(request, scope="upload")
        file = request.FILES.get("image")
        if file is None:
            message = _("No photo arrived. Send it as the multipart field 'image'.")
            raise CapsiteError("image_missing", message, field="image")
        result = image_upload(
            data=file.read(),
            name=file.name or "",
            person=request.user,
            language=request.POST.get("language", Language.ENGLISH),
        )
    except CapsiteError as error:
        return error_response(request, error)
    status = 200 if result.existing else 201
    return JsonResponse(_answer(result.image, result.job, result.existing), status=status)


def _answer(image: Image, job: CaptionJob, existing: bool) -> dict[str, object]:
    card = card_of(with_words(Image.objects.filter(pk=image.pk)).get())
    wanted_first = sorted(card.captions, key=lambda caption: caption.language != job.language)
    return {
        "image": {
            "id": str(image.pk),
            "url": card.url,
            "width": image.width,
            "height": image.height,
            "thumbnail": card.thumbnail_url,
        },
        "job": {"id": str(job.pk), "state": job.state, "error": _why(job)},
        "existing": existing,
        "captions": [caption.as_message() for caption in wanted_first],
    }


def _why(job: CaptionJob) -> str:
    return reason_words(job.error_code, job.error_message)
