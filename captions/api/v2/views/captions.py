"""Captions: ask for them with a photo, read one, vote on it, see where the captioner looked."""

from typing import Any
from uuid import UUID

from django.http import QueryDict
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from captions.access import caption_for
from captions.api.shared.bodies import checked, query_of
from captions.api.shared.heatmaps import heatmap_answer
from captions.api.shared.intake import PhotoSource, refusals_titled
from captions.api.shared.languages import language_of
from captions.api.shared.parsers import CarefulJSONParser, MultiPartParser
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.shared.waiting import jobs_wait
from captions.api.v2.asking import asked_answer, jobs_ask
from captions.api.v2.serializers.captions import (
    CaptionSerializer,
    HeatmapQuery,
    HeatmapSerializer,
    HeatmapWaitingSerializer,
    VoteBody,
)
from captions.api.v2.serializers.jobs import CaptionBody, CaptionedSerializer, CaptionForm
from captions.api.v2.shown import captions_shown
from captions.heatmaps import heatmap_ask
from captions.services.votes import vote_cast, vote_withdraw
from gallery.access import require_upload
from gallery.services.uploads import image_upload

ASKED = """A photo comes as the multipart field `image`, or in JSON as `image_base64` or `url`.
Each of `strategies` becomes a job with `num` candidates. With `wait` the answer comes when all jobs
have ended, or after so many seconds. The same bytes are the same photo: sending them again finds
what is there, whose `visibility` then stays."""
BY_URL = OpenApiExample(
    "By URL, two strategies, waiting",
    value={
        "url": "https://example.org/dog.jpg",
        "strategies": ["beam", "nucleus"],
        "language": "tr",
        "num": 3,
        "wait": 10,
    },
    request_only=True,
    media_type="application/json",
)


class CaptionCreate(IdempotentView):
    """``POST /api/v2/captions``: take a photo and caption it."""

    scopes = {"POST": Scope.CAPTIONS_WRITE}
    rate_scopes = {"POST": "upload"}
    parser_classes = [MultiPartParser, CarefulJSONParser]

    @endpoint(
        name="caption_create",
        tag="captions",
        summary="Send a photo and ask for captions",
        description=ASKED,
        request={"multipart/form-data": CaptionForm, "application/json": CaptionBody},
        answers={
            200: OpenApiResponse(CaptionedSerializer, "Every job has ended."),
            202: OpenApiResponse(CaptionedSerializer, "Some jobs wait or are at work."),
        },
        codes=[
            "not_a_photo",
            "file_too_large",
            "not_found",
            "sign_in_required",
            "cross_site",
            "url_not_allowed",
            "url_unreachable",
        ],
        writes=True,
        idempotent=True,
        language=True,
        examples=[BY_URL],
    )
    def post(self, request: Request) -> Response:
        """Answer 200 when every job has ended, else 202."""
        require_upload(request.user)
        in_form = isinstance(request.data, QueryDict)
        asked = checked(CaptionForm if in_form else CaptionBody, request.data)
        language = language_of(request, asked.get("language"))
        first, *others = _strategies(asked)
        source = PhotoSource(asked)
        with refusals_titled(source):
            result = image_upload(
                data=source.data,
                name=source.name,
                person=request.user,
                strategy=first,
                language=language,
                num=asked.get("num"),
                visibility=asked["visibility"],
            )
        jobs = [result.job, *jobs_ask(result.image, others, language, asked.get("num"))]
        jobs = jobs_wait(jobs, asked["wait"])
        return asked_answer(request, jobs, asked.get("num"), image_id=result.image.pk)


class CaptionDetail(ApiView):
    """``GET /api/v2/captions/{id}``."""

    @endpoint(
        name="caption_read",
        tag="captions",
        summary="Read a caption",
        answers={200: CaptionSerializer},
        codes=["not_found"],
    )
    def get(self, request: Request, caption_id: UUID) -> Response:
        """Answer one caption."""
        caption = caption_for(request.user, caption_id)
        return Response(captions_shown(request, [caption])[0])


class CaptionVote(ApiView):
    """``PUT`` and ``DELETE /api/v2/captions/{id}/vote``."""

    scopes = {"*": Scope.CAPTIONS_WRITE}
    members = frozenset({"PUT", "DELETE"})

    @endpoint(
        name="vote_cast",
        tag="captions",
        summary="Vote on a caption, or report it",
        description="A vote of yours that is there already is replaced. `harmful` reports the "
        "caption to the moderators, which counts as a vote against it.",
        request=VoteBody,
        answers={200: CaptionSerializer},
        codes=["not_found"],
        members=True,
        writes=True,
    )
    def put(self, request: Request, caption_id: UUID) -> Response:
        """Answer the caption with its new counts."""
        vote_cast(person=request.user, caption_id=caption_id, **checked(VoteBody, request.data))
        caption = caption_for(request.user, caption_id)
        return Response(captions_shown(request, [caption])[0])

    @endpoint(
        name="vote_withdraw",
        tag="captions",
        summary="Take your vote back",
        answers={204: OpenApiResponse(description="There is no vote of yours on it.")},
        codes=["not_found"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, caption_id: UUID) -> Response:
        """Answer 204 whether or not there was a vote."""
        vote_withdraw(person=request.user, caption_id=caption_id)
        return Response(status=204)


class CaptionHeatmap(ApiView):
    """``GET /api/v2/captions/{id}/heatmap``: asking makes it."""

    @endpoint(
        name="caption_heatmap",
        tag="captions",
        summary="See where the captioner looked for each word",
        description="Asking makes the map: the first answer is usually 202 with `Retry-After`.",
        query=[HeatmapQuery],
        answers={200: HeatmapSerializer, 202: HeatmapWaitingSerializer},
        codes=["invalid", "not_found", "model_not_loaded", "no_active_model", "caption_translated"],
    )
    def get(self, request: Request, caption_id: UUID) -> Response:
        """Answer 200 with the heat map, or 202 while it is being made."""
        query = query_of(request, HeatmapQuery)
        caption = caption_for(request.user, caption_id)
        return heatmap_answer(heatmap_ask(caption=caption, method=query["method"]))


def _strategies(asked: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(asked.get("strategies") or ["beam"]))
