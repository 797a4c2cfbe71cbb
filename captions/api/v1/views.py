"""REST version 1: send a photo, read its captions."""

from typing import Any
from uuid import UUID

from django.http import QueryDict
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from capsite.common.errors import NotFound
from capsite.common.rest import refuse_cross_site
from captions.api.shared.bodies import checked, written
from captions.api.shared.intake import PhotoSource, refusals_titled
from captions.api.shared.languages import HEADER
from captions.api.shared.parsers import CarefulJSONParser, MultiPartParser
from captions.api.shared.schema import endpoint, multipart_or_json
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.shared.waiting import jobs_wait
from captions.api.v1.serializers import (
    CaptionedSerializer,
    CaptionRequestSerializer,
    CaptionsOfImageSerializer,
    VersionsSerializer,
    WaitingSerializer,
)
from captions.selectors import captions_of, captions_of_job, versions
from gallery.access import image_for, require_upload
from gallery.models import CaptionJob
from gallery.models.job import State
from gallery.services.uploads import image_upload

ASKED = """A photo comes as the multipart field `image`, or in JSON as `image_base64` or `url`.
`X-Caption-Language` counts where `language` is not given. With `wait` the answer comes when the
captions are there, or after so many seconds. The same bytes are the same photo. Where visitors may
not upload they are refused with 403 `sign_in_required`."""


class CaptionCreate(IdempotentView):
    """``POST /api/v1/captions``: take a photo and caption it."""

    scopes = {"POST": Scope.CAPTIONS_WRITE}
    rate_scopes = {"POST": "upload"}
    parser_classes = [MultiPartParser, CarefulJSONParser]
    sign_in_status = 403

    @endpoint(
        name="caption_create",
        tag="captions",
        summary="Send a photo and ask for captions",
        description=ASKED,
        request=multipart_or_json(CaptionRequestSerializer),
        answers={
            200: OpenApiResponse(CaptionedSerializer, "The captions are there."),
            202: OpenApiResponse(WaitingSerializer, "The photo waits or is at work."),
        },
        codes=[
            "not_a_photo",
            "file_too_large",
            "not_found",
            "cross_site",
            "url_not_allowed",
            "url_unreachable",
        ],
        writes=True,
        idempotent=True,
        language=True,
    )
    def post(self, request: Request) -> Response:
        """Answer 202 with the job, or 200 with the captions when they exist already."""
        refuse_cross_site(request)
        require_upload(request.user)
        asked = checked(CaptionRequestSerializer, _fields(request))
        source = PhotoSource(asked)
        with refusals_titled(source):
            result = image_upload(
                data=source.data,
                name=source.name,
                person=request.user,
                strategy=asked["strategy"],
                language=asked["language"],
                num=asked.get("num"),
            )
        jobs = jobs_wait([result.job], asked["wait"])
        if not jobs:  # the photo was deleted meanwhile
            raise NotFound
        return _answer(jobs[0], asked.get("num"))


def _answer(job: CaptionJob, num: int | None) -> Response:
    body: dict[str, Any] = {"image": job.image, "job": job}
    if job.state != State.DONE:
        return Response(written(WaitingSerializer, body), status=202)
    captions = list(captions_of_job(job)[:num])
    return Response(written(CaptionedSerializer, body | {"captions": captions}))


def _fields(request: Request) -> Any:
    """Return what was sent; the language may come as a header where the body does not name it."""
    sent = request.data.dict() if isinstance(request.data, QueryDict) else request.data
    language = request.headers.get(HEADER)
    if language is None or not isinstance(sent, dict) or "language" in sent:
        return sent
    return sent | {"language": language}


class ImageCaptions(ApiView):
    """``GET /api/v1/images/{id}/captions``: what is known of a photo."""

    @endpoint(
        name="image_captions_list",
        tag="captions",
        summary="Read a photo's captions, the most confident first",
        answers={200: CaptionsOfImageSerializer},
        codes=["not_found"],
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        """Answer every caption of the photo, the most confident first, and its latest job."""
        image = image_for(request.user, image_id)
        job = image.jobs.order_by("-created_at").first()
        body = {"results": captions_of(image), "job": job}
        return Response(written(CaptionsOfImageSerializer, body))


class Versions(ApiView):
    """``GET /api/v1/models``: the versions of the captioner, and what serves now."""

    @endpoint(
        name="models_list",
        tag="captioner",
        summary="List the versions of the captioner, the newest first",
        answers={200: VersionsSerializer},
    )
    def get(self, request: Request) -> Response:
        """Answer every registered version, the newest first."""
        return Response(written(VersionsSerializer, {"results": versions()}))
