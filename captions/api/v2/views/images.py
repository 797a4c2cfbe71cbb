"""Photos: list, read, change, delete; their captions, and asking for more."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from captions.api.shared.bodies import checked, query_of
from captions.api.shared.languages import language_of
from captions.api.shared.pagination import keyset_page, page_serializer
from captions.api.shared.resources.people import owned_by
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.v2.asking import jobs_ask, status_of
from captions.api.v2.serializers.captions import CaptionSerializer, CaptionsQuery
from captions.api.v2.serializers.images import ImageChange, ImageSerializer, ImagesQuery
from captions.api.v2.serializers.jobs import AskBody, AskedSerializer, JobSerializer
from captions.api.v2.shown import captions_shown, image_shown, images_shown
from captions.selectors import captions_matching, images_detailed
from gallery.access import image_for, images_listed, require_upload
from gallery.services.images import image_delete, image_update

NEWEST = ("-created_at", "-id")
SUREST = ("-sureness", "rank", "created_at", "id")


class Images(ApiView):
    """``GET /api/v2/images``."""

    @endpoint(
        name="images_list",
        tag="images",
        summary="List photos, the newest first",
        description="Public photos and your own. `owner=me` lists your own alone.",
        query=[ImagesQuery],
        answers={200: page_serializer(ImageSerializer)},
        codes=["invalid", "bad_cursor", "sign_in_required"],
        language=True,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of photos."""
        query = query_of(request, ImagesQuery)
        rows = owned_by(request, images_listed(request.user), query.get("owner"))
        if "since" in query:
            rows = rows.filter(created_at__gte=query["since"])
        if "until" in query:
            rows = rows.filter(created_at__lt=query["until"])
        page = keyset_page(request, images_detailed(rows), NEWEST)
        return page.answer(lambda images: images_shown(request, images))


class ImageDetail(ApiView):
    """``GET``, ``PATCH`` and ``DELETE /api/v2/images/{id}``."""

    scopes = {"GET": Scope.CAPTIONS_READ, "*": Scope.CAPTIONS_WRITE}
    members = frozenset({"PATCH", "DELETE"})

    @endpoint(
        name="image_read",
        tag="images",
        summary="Read a photo",
        answers={200: ImageSerializer},
        codes=["not_found", "invalid_choice"],
        language=True,
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        """Answer one photo."""
        image_for(request.user, image_id)
        return Response(image_shown(request, image_id))

    @endpoint(
        name="image_update",
        tag="images",
        summary="Change a photo's title or who may see it",
        request=ImageChange,
        answers={200: ImageSerializer},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
        language=True,
    )
    def patch(self, request: Request, image_id: UUID) -> Response:
        """Answer the photo as it is now."""
        changes = checked(ImageChange, request.data)
        image_update(person=request.user, image_id=image_id, **changes)
        return Response(image_shown(request, image_id))

    @endpoint(
        name="image_delete",
        tag="images",
        summary="Delete a photo with all that hangs on it",
        answers={204: OpenApiResponse(description="It is gone.")},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, image_id: UUID) -> Response:
        """Answer 204."""
        image_delete(person=request.user, image_id=image_id)
        return Response(status=204)


class ImageCaptions(IdempotentView):
    """``GET`` and ``POST /api/v2/images/{id}/captions``."""

    scopes = {"GET": Scope.CAPTIONS_READ, "POST": Scope.CAPTIONS_WRITE}

    @endpoint(
        name="image_captions_list",
        tag="captions",
        summary="List a photo's captions, the most confident first",
        query=[CaptionsQuery],
        answers={200: page_serializer(CaptionSerializer)},
        codes=["invalid", "bad_cursor", "not_found"],
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        """Answer a page of captions."""
        query = query_of(request, CaptionsQuery)
        rows = captions_matching(
            image_for(request.user, image_id),
            language=query.get("language", ""),
            strategy=query.get("strategy", ""),
            min_confidence=query.get("min_confidence"),
        )
        page = keyset_page(request, rows, SUREST)
        return page.answer(lambda captions: captions_shown(request, captions))

    @endpoint(
        name="image_captions_ask",
        tag="captions",
        summary="Ask for more captions of a photo",
        description="A job for each of `strategies`; what was done already is answered as it is.",
        request=AskBody,
        answers={
            200: OpenApiResponse(AskedSerializer, "Every job has ended."),
            202: OpenApiResponse(AskedSerializer, "Some jobs wait or are at work."),
        },
        codes=["not_found", "sign_in_required", "cross_site"],
        writes=True,
        idempotent=True,
        language=True,
    )
    def post(self, request: Request, image_id: UUID) -> Response:
        """Answer 200 when every job has ended, else 202."""
        require_upload(request.user)
        image = image_for(request.user, image_id)
        asked = checked(AskBody, request.data)
        strategies = dict.fromkeys(asked.get("strategies") or ["beam"])
        language = language_of(request, asked.get("language"))
        jobs = jobs_ask(image, strategies, language, asked.get("num"))
        return Response({"jobs": JobSerializer(jobs, many=True).data}, status=status_of(jobs))
