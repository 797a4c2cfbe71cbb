"""The decoding strategies, and the versions of the captioner."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from captions.api.shared.pagination import Page, PageQuery, keyset_page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from captions.api.v2.serializers.versions import (
    StrategySerializer,
    VersionSerializer,
)
from captions.selectors import versions
from gallery.models.job import Strategy

NEWEST = ("-registered_at", "-id")


class Strategies(ApiView):
    """``GET /api/v2/strategies``."""

    @endpoint(
        name="strategies_list",
        tag="captioner",
        summary="List the decoding strategies",
        description="All of them in one page.",
        answers={200: page_serializer(StrategySerializer)},
    )
    def get(self, request: Request) -> Response:
        """Answer every strategy."""
        rows: list[dict[str, Any]] = [
            {"code": code, "name": label} for code, label in Strategy.choices
        ]
        return Page(rows).answer(lambda found: StrategySerializer(found, many=True).data)


class Models(ApiView):
    """``GET /api/v2/models``."""

    @endpoint(
        name="models_list",
        tag="captioner",
        summary="List the versions of the captioner, the newest first",
        query=[PageQuery],
        answers={200: page_serializer(VersionSerializer)},
        codes=["invalid", "bad_cursor"],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of versions with what each does now."""
        page = keyset_page(request, versions(), NEWEST)
        return page.answer(lambda rows: VersionSerializer(rows, many=True).data)
