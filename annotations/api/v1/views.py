"""Published texts of version 1: read and edit them; find photos."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api.shared import EditBody, SearchQuery, images_found
from annotations.api.v1.serializers import AnnotationSerializer, FoundImageSerializer
from annotations.selectors import annotation_for, annotations_of
from annotations.services import annotation_edit
from capsite.accounts.scopes import Scope
from captions.api.shared.bodies import checked
from captions.api.shared.pagination import PageQuery, keyset_page, offset_page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView

BY_LANGUAGE = ("language",)


class ImageAnnotations(ApiView):
    """``GET /api/v1/images/{id}/annotations``."""

    @endpoint(
        name="annotations_list",
        tag="annotations",
        summary="List a photo's published texts, one a language",
        query=[PageQuery],
        answers={200: page_serializer(AnnotationSerializer)},
        codes=["invalid", "bad_cursor", "not_found"],
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        """Answer a page of texts."""
        page = keyset_page(request, annotations_of(request.user, image_id), BY_LANGUAGE)
        return page.answer(lambda rows: AnnotationSerializer(rows, many=True).data)


class ImageAnnotation(ApiView):
    """``PUT /api/v1/images/{id}/annotations/{language}``."""

    scopes = {"PUT": Scope.ANNOTATIONS_WRITE}
    members = frozenset({"PUT"})

    @endpoint(
        name="annotation_edit",
        tag="annotations",
        summary="Publish a text for a photo in a language",
        description="Where a newer version than `base_version` exists, the answer is 409 with its "
        "`version`, `text` and `author`.",
        request=EditBody,
        answers={200: AnnotationSerializer},
        codes=["invalid_choice", "other_photo", "not_found", "edit_conflict"],
        members=True,
        writes=True,
    )
    def put(self, request: Request, image_id: UUID, language: str) -> Response:
        """Answer the text with its new version."""
        body = checked(EditBody, request.data)
        annotation = annotation_edit(
            person=request.user,
            image_id=image_id,
            language=language,
            text=body["text"],
            base_version=body["base_version"],
            caption_id=body.get("caption"),
        )
        return Response(AnnotationSerializer(annotation).data)


class AnnotationDetail(ApiView):
    """``GET /api/v1/annotations/{id}``."""

    @endpoint(
        name="annotation_read",
        tag="annotations",
        summary="Read a published text",
        answers={200: AnnotationSerializer},
        codes=["not_found"],
    )
    def get(self, request: Request, annotation_id: UUID) -> Response:
        """Answer one text."""
        annotation = annotation_for(request.user, annotation_id)
        return Response(AnnotationSerializer(annotation).data)


class Search(ApiView):
    """``GET /api/v1/search``."""

    @endpoint(
        name="search",
        tag="search",
        summary="Find photos by their captions, published texts and titles",
        query=[SearchQuery],
        answers={200: page_serializer(FoundImageSerializer)},
        codes=["invalid", "bad_cursor"],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of photos with what matched."""
        page = offset_page(request, images_found(request))
        return page.answer(lambda images: FoundImageSerializer(images, many=True).data)
