"""Finding one caption, asking for captions, and voting on them."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from graphene import ID, Boolean, DateTime, Field, Int, List, NonNull, ObjectType, String

from capsite.accounts.graphql.people import Me
from capsite.common.errors import Forbidden
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import found_field, uuid_of
from capsite.common.graphql.paging import Ordering
from capsite.common.graphql.writes import Write
from captions.access import caption_for
from captions.graphql.types import Caption, caption_field
from captions.selectors import votes_of
from captions.services.votes import vote_cast, vote_withdraw
from gallery.access import image_for, may_retry
from gallery.graphql import enums
from gallery.graphql.types import Job
from gallery.models.job import Language
from gallery.models.job import Strategy as Strategies
from gallery.services.uploads import captions_ask


class Vote(ObjectType):
    """One's vote on a caption."""

    caption = caption_field(lambda: Caption)
    value = Int(required=True)
    harmful = Boolean(required=True)
    reason = String(required=True)
    updated_at = DateTime(required=True)


@extends(Me)
class MyVotes:
    """One's votes."""

    votes = Listing(
        lambda info: votes_of(info.context.person),
        order=Ordering((("-updated_at", datetime), ("-id", int))),
    ).field(connection_of(Vote), description="Your votes, the latest first.")


class Query:
    """Captions."""

    caption = found_field(Caption, "A caption that you may see.")
    languages = List(NonNull(String), required=True, description="That captions are made in.")
    strategies = List(NonNull(enums.Strategy), required=True)

    @staticmethod
    def resolve_languages(_root: Any, _info: Any) -> list[str]:
        """Return the codes."""
        return list(Language.values)

    @staticmethod
    def resolve_strategies(_root: Any, _info: Any) -> list[str]:
        """Return the names."""
        return list(Strategies.values)


class CaptionAsk(Write):
    """Ask for a photo's captions, unless they are on their way."""

    jobs = List(NonNull(Job), required=True)

    class Arguments:
        """Of which photo, and how."""

        image_id = ID(required=True)
        language = String()
        strategies = List(NonNull(enums.Strategy), description="BEAM unless given.")
        num = Int(description="Captions of each strategy, 1 to 10.")

    @classmethod
    def write(
        cls,
        info: Any,
        image_id: str,
        language: str = Language.ENGLISH,
        strategies: Any = (Strategies.BEAM,),
        num: int | None = None,
    ) -> dict[str, Any]:
        """Call the service once for each strategy."""
        person = info.context.person
        image = image_for(person, uuid_of(image_id, "Image", "image_id"))
        if not may_retry(person, image):
            raise Forbidden(_("Sign in to ask for captions."), code="sign_in_required")
        ask: dict[str, Any] = {"image": image, "language": language, "num": num}
        return {"jobs": [captions_ask(strategy=each, **ask) for each in dict.fromkeys(strategies)]}


class VoteCast(Write):
    """Vote for (1) or against (-1) a caption, or change one's vote."""

    caption = Field(NonNull(Caption))

    class Arguments:
        """On what, and how."""

        caption_id = ID(required=True)
        value = Int(required=True, description="1 or -1.")
        harmful = Boolean(description="Report it; that is a vote against it.")
        reason = String()

    @classmethod
    def write(cls, info: Any, caption_id: str, **given: Any) -> dict[str, Any]:
        """Call the service."""
        person, key = info.context.person, uuid_of(caption_id, "Caption", "caption_id")
        vote_cast(person=person, caption_id=key, **given)
        return {"caption": caption_for(person, key)}


class VoteWithdraw(Write):
    """Take one's vote back."""

    caption = Field(NonNull(Caption))

    class Arguments:
        """From what."""

        caption_id = ID(required=True)

    @classmethod
    def write(cls, info: Any, caption_id: str) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(caption_id, "Caption", "caption_id")
        return {"caption": vote_withdraw(person=info.context.person, caption_id=key)}


class Mutation:
    """What one does with captions."""

    caption_ask = CaptionAsk.Field()
    vote_cast = VoteCast.Field()
    vote_withdraw = VoteWithdraw.Field()
