"""Moderation cases: what moderators look at and decide."""

from datetime import datetime
from typing import Any
from uuid import UUID as Key

from graphene import ID, UUID, Enum, Field, NonNull, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.graphql.people import person_field
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loaded
from capsite.common.graphql.ids import found_field, uuid_of
from capsite.common.graphql.paging import Ordering
from capsite.common.graphql.writes import Write
from captions.access import case_for
from captions.graphql.types import Caption
from captions.models import Caption as CaptionRow
from captions.models import CaseState as States
from captions.models import Decision as Decisions
from captions.models import ModerationCase
from captions.selectors import cases_listed
from captions.services.moderation import case_decide

CaseState = Enum.from_enum(States, description="Whether somebody still has to look.")
Decision = Enum.from_enum(Decisions, description="What a moderator may decide.")


class Case(DjangoObjectType):
    """A caption that people voted down or reported."""

    uuid = UUID(required=True)
    caption = Field(Caption, description="Also when it is hidden.")
    state = Field(NonNull(CaseState))
    decision = Field(Decision)
    decided_by = person_field("decided_by", "Which moderator.")

    class Meta:
        """What is shown of the row."""

        model = ModerationCase
        name = "ModerationCase"
        fields = ("id", "reason", "opened_at", "decided_at", "note")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(case: ModerationCase, _info: Any) -> Any:
        """Return the bare id."""
        return case.pk

    @staticmethod
    def resolve_decision(case: ModerationCase, _info: Any) -> str | None:
        """Return what was decided."""
        return case.decision or None

    @staticmethod
    async def resolve_caption(case: ModerationCase, info: Any) -> CaptionRow | None:
        """Return the caption, of every case at once, hidden ones too."""

        def batch(keys: list[Any]) -> dict[Any, CaptionRow]:
            return CaptionRow.everything.select_related("model").in_bulk(keys)

        return await loaded(info, "captions of cases", case.caption_id, batch)

    @classmethod
    def get_node(cls, info: Any, key: str) -> ModerationCase:
        """Return a case to a moderator whose grant covers moderation."""
        info.context.require("moderationCases")
        return case_for(info.context.person, uuid_of(key, "ModerationCase"))


def _cases(info: Any, state: str = "") -> Any:
    info.context.require("moderationCases")
    return cases_listed(info.context.person, state)


class Query:
    """Moderation."""

    moderation_case = found_field(Case, "For moderators.")
    moderation_cases = Listing(
        _cases, order=Ordering((("-opened_at", datetime), ("-id", Key)))
    ).field(connection_of(Case), description="For moderators; the newest first.", state=CaseState())


class CaseDecide(Write):
    """Decide an open case.

    APPROVE keeps the caption, HIDE takes it from everywhere, ASK hides it and asks the captioner
    for others. REPLACE and BAN are decided in the administration alone.
    """

    case = Field(NonNull(Case))

    class Arguments:
        """Which, and how."""

        id = ID(required=True)
        decision = Decision(required=True)
        note = String()

    @classmethod
    def write(cls, info: Any, id: str, **given: Any) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(id, "ModerationCase")
        return {"case": case_decide(person=info.context.person, case_id=key, **given)}


class Mutation:
    """What moderators do."""

    case_decide = CaseDecide.Field()
