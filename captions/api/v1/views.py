"""REST version 1: send a photo, read its captions."""

from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capsite.common.errors import CapsiteError
from capsite.common.rest import refuse_cross_site
from captions.api.v1.serializers import (
    CaptionRequestSerializer,
    CaptionSerializer,
    JobSerializer,
    VersionSerializer,
)
from captions.selectors import captions_of, captions_of_job, versions
from gallery.access import image_for, require_upload
from gallery.models.job import State
from gallery.services.uploads import Upload, image_upload

LANGUAGE_HEADER = "X-Caption-Language"


class CaptionCreate(APIView):
    """``POST /api/v1/captions``: take a photo and caption it."""

    def post(self, request: Request) -> Response:
        """Answer 202 with the job, or 200 with the captions when they exist already."""
        refuse_cross_site(request)
        require_upload(request.user)
        form = CaptionRequestSerializer(data=_fields(request))
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        return self._answer(self._uploaded(request, asked), asked.get("num"))

    def _uploaded(self, request: Request, asked: dict[str, Any]) -> Upload:
        file = asked["image"]
        try:
            return image_upload(
                data=file.read(),
                name=file.name,
                person=request.user,
                strategy=asked["strategy"],
                language=asked["language"],
                num=asked.get("num"),
            )
        except CapsiteError as error:
            if error.field == "image":
                error.data["title"] = "Invalid image format."
            raise

    def _answer(self, result: Upload, num: int | None) -> Response:
        image = result.image
        body: dict[str, Any] = {
            "image": {
                "id": str(image.pk),
                "url": reverse("gallery:photo", args=[image.pk]),
                "captions_url": reverse("v1:image-captions", args=[image.pk]),
            },
            "job": JobSerializer(result.job).data,
        }
        if result.job.state != State.DONE:
            return Response(body, status=202)
        captions = captions_of_job(result.job)[:num]
        return Response(body | {"captions": CaptionSerializer(captions, many=True).data})


def _fields(request: Request) -> Any:
    """Return what was sent; the language may come as a header where the form does not name it."""
    language = request.headers.get(LANGUAGE_HEADER)
    if language is None or not isinstance(request.data, QueryDict) or "language" in request.data:
        return request.data
    return request.data.dict() | {"language": language}


class ImageCaptions(APIView):
    """``GET /api/v1/images/{id}/captions``: what is known of a photo."""

    def get(self, request: Request, image_id: UUID) -> Response:
        """Answer every caption of the photo, the most confident first, and its latest job."""
        image = image_for(request.user, image_id)
        job = image.jobs.order_by("-created_at").first()
        return Response(
            {
                "results": CaptionSerializer(captions_of(image), many=True).data,
                "job": JobSerializer(job).data if job else None,
            }
        )


class Versions(APIView):
    """``GET /api/v1/models``: the versions of the captioner, and what serves now."""

    def get(self, request: Request) -> Response:
        """Answer every registered version, the newest first."""
        return Response({"results": VersionSerializer(versions(), many=True).data})
