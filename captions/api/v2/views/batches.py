"""Batches: many photos at once, some of which may be refused."""

from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from capsite.gateway.ratelimit import rate_request
from captions.api.shared.bodies import checked
from captions.api.shared.intake import batch_sources
from captions.api.shared.languages import language_of
from captions.api.shared.parsers import CarefulJSONParser, MultiPartParser
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from captions.api.v2.serializers.jobs import BatchBody, BatchForm, BatchSerializer
from gallery.access import batch_for, require_upload
from gallery.models import Batch
from gallery.selectors import batch_items, batch_status
from gallery.services.batches import Sent, batch_create

TAKEN = """Photos come as several multipart parts `images`, or in JSON as `items`. A photo that is
refused stops no other: its item carries the reason. The URLs of a batch are given 60 seconds
together."""


class Batches(IdempotentView):
    """``POST /api/v2/batches``."""

    scopes = {"POST": Scope.CAPTIONS_WRITE}
    rate_scopes = {"POST": "upload"}
    parser_classes = [MultiPartParser, CarefulJSONParser]

    @endpoint(
        name="batch_create",
        tag="batches",
        summary="Send many photos at once",
        description=TAKEN,
        request={"multipart/form-data": BatchForm, "application/json": BatchBody},
        answers={202: BatchSerializer},
        codes=["batch_size", "sign_in_required", "cross_site"],
        writes=True,
        idempotent=True,
        language=True,
    )
    def post(self, request: Request) -> Response:
        """Answer 202 with what became of each photo."""
        require_upload(request.user)
        asked, photos = _asked(request)
        if len(photos) > 1:  # the request itself has been counted as one
            rate_request(request, scope="upload", cost=len(photos) - 1)
        batch = batch_create(
            person=request.user,
            # They are what Sent is, but read their bytes only when these are asked for.
            photos=cast(Iterable[Sent], batch_sources(photos)),
            strategy=asked["strategy"],
            language=language_of(request, asked.get("language")),
            num=asked.get("num"),
        )
        return Response(_shown(batch), status=202)


class BatchDetail(ApiView):
    """``GET /api/v2/batches/{id}``."""

    @endpoint(
        name="batch_read",
        tag="batches",
        summary="Read how far a batch is",
        answers={200: BatchSerializer},
        codes=["not_found"],
    )
    def get(self, request: Request, batch_id: UUID) -> Response:
        """Answer the batch with every photo of it."""
        return Response(_shown(batch_for(request.user, batch_id)))


def _asked(request: Request) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Return what was asked, and the photos, however they came."""
    if isinstance(request.data, QueryDict):
        asked = checked(BatchForm, request.data)
        return asked, [{"image": file} for file in asked["images"]]
    asked = checked(BatchBody, request.data)
    return asked, asked["items"]


def _shown(batch: Batch) -> dict[str, Any]:
    body = {"id": batch.pk, "items": batch_items(batch)} | batch_status(batch)
    return BatchSerializer(body).data
