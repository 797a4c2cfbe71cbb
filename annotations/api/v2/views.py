"""Published texts of version 2: read, edit, publish a suggestion, restore an earlier version."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api.shared import EditBody, SearchQuery, images_found
from annotations.api.v2.serializers import (
    AnnotationSerializer,
    EditedAnnotationSerializer,
    EditedQuery,
    FoundSerializer,
    PromoteBody,
    RevertBody,
    RevisionSerializer,
)
from annotations.edits import annotations_edited, editors_of
from annotations.selectors import annotation_for, annotations_of, revisions_of
from annotations.services import annotation_edit, annotation_revert, caption_promote
from capsite.accounts.scopes import Scope
from captions.api.shared.bodies import checked, query_of
from captions.api.shared.pagination import PageQuery, keyset_page, offset_page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.v2.shown import images_shown
from captions.selectors import images_detailed

BY_LANGUAGE = ("language",)
NEWEST = ("-number",)
FILTERS = ("edited_by", "kind", "caption", "language")
LATEST = ("-updated_at", "-id")
CONFLICT = """`base_version` is the version that was edited. Where a newer one exists, the answer is
409 `edit_conflict` with its `version`, `text` and `author`, and nothing is lost."""


class ImageAnnotations(ApiView):
    """``GET /api/v2/images/{id}/annotations``."""

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
    """``PUT /api/v2/images/{id}/annotations/{language}``."""

    scopes = {"PUT": Scope.ANNOTATIONS_WRITE}
    members = frozenset({"PUT"})

    @endpoint(
        name="annotation_edit",
        tag="annotations",
        summary="Publish a text for a photo in a language",
        description=CONFLICT,
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


class CaptionPromote(IdempotentView):
    """``POST /api/v2/captions/{id}/promote``."""

    scopes = {"POST": Scope.ANNOTATIONS_WRITE}
    members = frozenset({"POST"})

    @endpoint(
        name="caption_promote",
        tag="annotations",
        summary="Publish a suggestion as it stands",
        description=CONFLICT,
        request=PromoteBody,
        answers={200: AnnotationSerializer},
        codes=["not_found", "edit_conflict"],
        members=True,
        writes=True,
        idempotent=True,
    )
    def post(self, request: Request, caption_id: UUID) -> Response:
        """Answer the published text."""
        body = checked(PromoteBody, request.data)
        annotation = caption_promote(person=request.user, caption_id=caption_id, **body)
        return Response(AnnotationSerializer(annotation).data)


class Annotations(ApiView):
    """``GET /api/v2/annotations``."""

    @endpoint(
        name="annotations_edited",
        tag="annotations",
        summary="List published texts by their edit history, the latest edited first",
        description="With `edited_by`, `kind` and `caption` together, one and the same edit fits "
        "all of them: what a member reverted, say. The history tells every edit without its words; "
        "`revisions` has those.",
        query=[EditedQuery],
        answers={200: page_serializer(EditedAnnotationSerializer)},
        codes=["invalid", "bad_cursor"],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of texts with their histories."""
        query = query_of(request, EditedQuery)
        asked = {name: query[name] for name in FILTERS if name in query}
        page = keyset_page(request, annotations_edited(request.user, **asked), LATEST)
        context = {"editors": editors_of(page.rows)}
        return page.answer(
            lambda rows: EditedAnnotationSerializer(rows, many=True, context=context).data
        )


class AnnotationDetail(ApiView):
    """``GET /api/v2/annotations/{id}``."""

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


class Revisions(ApiView):
    """``GET /api/v2/annotations/{id}/revisions``."""

    @endpoint(
        name="revisions_list",
        tag="annotations",
        summary="List every version of a text, the newest first",
        query=[PageQuery],
        answers={200: page_serializer(RevisionSerializer)},
        codes=["invalid", "bad_cursor", "not_found"],
    )
    def get(self, request: Request, annotation_id: UUID) -> Response:
        """Answer a page of versions."""
        rows = revisions_of(annotation_for(request.user, annotation_id))
        page = keyset_page(request, rows, NEWEST)
        return page.answer(lambda found: RevisionSerializer(found, many=True).data)


class AnnotationRevert(IdempotentView):
    """``POST /api/v2/annotations/{id}/revert``."""

    scopes = {"POST": Scope.ANNOTATIONS_WRITE}
    members = frozenset({"POST"})

    @endpoint(
        name="annotation_revert",
        tag="annotations",
        summary="Publish an earlier version again, as a new one",
        description=CONFLICT,
        request=RevertBody,
        answers={200: AnnotationSerializer},
        codes=["no_such_version", "not_found", "edit_conflict"],
        members=True,
        writes=True,
        idempotent=True,
    )
    def post(self, request: Request, annotation_id: UUID) -> Response:
        """Answer the text with its new version."""
        body = checked(RevertBody, request.data)
        annotation = annotation_revert(person=request.user, annotation_id=annotation_id, **body)
        return Response(AnnotationSerializer(annotation).data)


class Search(ApiView):
    """``GET /api/v2/search``."""

    @endpoint(
        name="search",
        tag="search",
        summary="Find photos by their captions, published texts and titles",
        description="Words match by the trigrams they share, the best match first. The filters "
        "`strategy` and `min_confidence` search captions by models alone.",
        query=[SearchQuery],
        answers={200: page_serializer(FoundSerializer)},
        codes=["invalid", "bad_cursor"],
        language=True,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of photos with what matched."""
        page = offset_page(request, images_detailed(images_found(request)))
        shown = images_shown(request, page.rows)
        found = [
            {"rank": row.rank, "matched_text": row.matched_text, "image": image}
            for row, image in zip(page.rows, shown, strict=True)
        ]
        return page.answer(lambda _rows: FoundSerializer(found, many=True).data)
