"""REST version 1: vote on a caption, or report it."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from captions.access import caption_for
from captions.api.shared.bodies import checked
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from captions.api.v1.resources import VoteBody, VotesSerializer
from captions.services.votes import vote_cast, vote_withdraw


class CaptionVote(ApiView):
    """``PUT`` and ``DELETE /api/v1/captions/{id}/vote``."""

    scopes = {"*": Scope.CAPTIONS_WRITE}
    members = frozenset({"PUT", "DELETE"})

    @endpoint(
        name="vote_cast",
        tag="captions",
        summary="Vote on a caption, or report it",
        description="A vote of yours that is there already is replaced. `harmful` reports the "
        "caption to the moderators, which counts as a vote against it.",
        request=VoteBody,
        answers={200: VotesSerializer},
        codes=["not_found"],
        members=True,
        writes=True,
    )
    def put(self, request: Request, caption_id: UUID) -> Response:
        """Answer the new counts."""
        body = checked(VoteBody, request.data)
        vote = vote_cast(person=request.user, caption_id=caption_id, **body)
        caption = caption_for(request.user, caption_id)
        facts = {
            "caption": caption.pk,
            "up": caption.up_votes,
            "down": caption.down_votes,
            "mine": vote.value,
        }
        return Response(VotesSerializer(facts).data)

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
