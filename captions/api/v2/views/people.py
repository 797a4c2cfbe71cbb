"""One's personal tokens, votes and limits."""

from typing import cast
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.grants import grant_of, require_session
from capsite.accounts.models import User
from capsite.accounts.selectors import tokens_of
from capsite.accounts.services.tokens import token_create, token_revoke
from capsite.gateway.addresses import address_of
from capsite.gateway.ratelimit import rate_usage
from captions.api.shared.bodies import checked
from captions.api.shared.pagination import Page, PageQuery, keyset_page, page_serializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import EVERY_METHOD, ApiView
from captions.api.v2.serializers.captions import MyVoteSerializer
from captions.api.v2.serializers.people import (
    LimitSerializer,
    NewTokenSerializer,
    TokenBody,
    TokenSerializer,
)
from captions.selectors import votes_mine, votes_of

NEWEST = ("-created_at", "-id")
LATEST = ("-updated_at", "-id")
NEVER_KEPT = {"Cache-Control": "no-store"}


class TokenView(ApiView):
    """What tokens may not do, so that a stolen one makes no others."""

    scopes = {"*": None}
    members = EVERY_METHOD

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Let those pass who signed in themselves."""
        super().initial(request, *args, **kwargs)
        require_session(grant_of(request))

    @property
    def person(self) -> User:
        """Who signed in; ``members`` keeps visitors out."""
        return cast(User, self.request.user)


class Tokens(TokenView):
    """``GET`` and ``POST /api/v2/me/tokens``."""

    @endpoint(
        name="tokens_list",
        tag="me",
        summary="List your personal tokens",
        query=[PageQuery],
        answers={200: page_serializer(TokenSerializer)},
        codes=["invalid", "bad_cursor", "session_required"],
        members=True,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of tokens without their secrets."""
        page = keyset_page(request, tokens_of(self.person), NEWEST)
        return page.answer(lambda tokens: TokenSerializer(tokens, many=True).data)

    @endpoint(
        name="token_create",
        tag="me",
        summary="Make a personal token",
        request=TokenBody,
        answers={201: NewTokenSerializer},
        codes=["session_required", "too_many_tokens"],
        members=True,
        writes=True,
    )
    def post(self, request: Request) -> Response:
        """Answer 201 with the secret, which is shown this once."""
        token, secret = token_create(person=self.person, **checked(TokenBody, request.data))
        body = TokenSerializer(token).data | {"token": secret}
        return Response(body, status=201, headers=NEVER_KEPT)


class TokenDetail(TokenView):
    """``DELETE /api/v2/me/tokens/{id}``."""

    @endpoint(
        name="token_revoke",
        tag="me",
        summary="Revoke a personal token",
        answers={204: OpenApiResponse(description="It opens nothing any more.")},
        codes=["session_required", "not_found"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Answer 204."""
        token_revoke(person=self.person, token_id=token_id)
        return Response(status=204)


class MyVotes(ApiView):
    """``GET /api/v2/me/votes``."""

    members = EVERY_METHOD

    @endpoint(
        name="votes_list",
        tag="me",
        summary="List your votes, the latest first",
        query=[PageQuery],
        answers={200: page_serializer(MyVoteSerializer)},
        codes=["invalid", "bad_cursor"],
        members=True,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of votes on captions that you still see."""
        page = keyset_page(request, votes_of(request.user), LATEST)
        captions = [vote.caption for vote in page.rows]
        context = {"mine": votes_mine(request.user, captions)}
        return page.answer(lambda votes: MyVoteSerializer(votes, many=True, context=context).data)


class MyLimits(ApiView):
    """``GET /api/v2/me/limits``; a token of any scope may ask."""

    scopes = {"GET": None}
    members = EVERY_METHOD

    @endpoint(
        name="limits_list",
        tag="me",
        summary="List the rate limits that count you, and how much of each is used",
        description="All of them in one page; none while limits cannot be counted. A token's own "
        "limits come before those of its owner. Asking this counts as a read.",
        answers={200: page_serializer(LimitSerializer)},
        members=True,
    )
    def get(self, request: Request) -> Response:
        """Answer every limit but that of signing in, which is counted by address."""
        usage = rate_usage(
            grant=grant_of(request), person=request.user, address=address_of(request)
        )
        rows = [
            {"scope": scope, "name": one.limit.name, "quota": one.limit.quota}
            | {"seconds": one.limit.seconds, "used": one.used, "reset": one.reset}
            for scope, windows in usage.items()
            for one in windows
        ]
        return Page(rows).answer(lambda found: LimitSerializer(found, many=True).data)
