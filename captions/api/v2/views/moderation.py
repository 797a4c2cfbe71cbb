"""Moderation cases: list, read, decide."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from captions.access import case_for
from captions.api.shared.bodies import checked, query_of
from captions.api.shared.pagination import keyset_page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import EVERY_METHOD, ApiView
from captions.api.v2.serializers.people import CaseSerializer, CasesQuery, DecisionBody
from captions.models import ModerationCase
from captions.selectors import cases_listed, votes_mine
from captions.services.moderation import case_decide

NEWEST = ("-opened_at", "-id")


class ModeratorView(ApiView):
    """What only moderators see."""

    scopes = {"*": Scope.MODERATION}
    members = EVERY_METHOD


class Cases(ModeratorView):
    """``GET /api/v2/moderation/cases``."""

    @endpoint(
        name="cases_list",
        tag="moderation",
        summary="List moderation cases, the newest first",
        query=[CasesQuery],
        answers={200: page_serializer(CaseSerializer)},
        codes=["invalid", "bad_cursor", "forbidden"],
        members=True,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of cases."""
        state = query_of(request, CasesQuery).get("state", "")
        page = keyset_page(request, cases_listed(request.user, state), NEWEST)
        return page.answer(lambda cases: _shown(request, cases))


class CaseDetail(ModeratorView):
    """``GET /api/v2/moderation/cases/{id}``."""

    @endpoint(
        name="case_read",
        tag="moderation",
        summary="Read a moderation case",
        answers={200: CaseSerializer},
        codes=["not_found", "forbidden"],
        members=True,
    )
    def get(self, request: Request, case_id: UUID) -> Response:
        """Answer one case."""
        case = case_for(request.user, case_id, cases_listed(request.user))
        return Response(_shown(request, [case])[0])


class CaseDecision(ModeratorView):
    """``POST /api/v2/moderation/cases/{id}/decision``."""

    @endpoint(
        name="case_decide",
        tag="moderation",
        summary="Decide a moderation case",
        description="`approve` keeps the caption, `hide` takes it from everywhere, `ask` hides it "
        "and asks the captioner for others. Cases may also have been decided in the administration "
        "by `replace` or `ban`, which hide as well. Of two moderators at once, the second is told "
        "409.",
        request=DecisionBody,
        answers={200: CaseSerializer},
        codes=["not_found", "forbidden", "case_decided"],
        members=True,
        writes=True,
    )
    def post(self, request: Request, case_id: UUID) -> Response:
        """Answer the decided case."""
        body = checked(DecisionBody, request.data)
        case = case_decide(person=request.user, case_id=case_id, **body)
        return Response(_shown(request, [case])[0])


def _shown(request: Request, cases: list[ModerationCase]) -> list[dict[str, Any]]:
    context = {"mine": votes_mine(request.user, [case.caption for case in cases])}
    return list(CaseSerializer(cases, many=True, context=context).data)
