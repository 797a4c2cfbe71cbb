"""Personal tokens: made and revoked by somebody who signed in, never by another token."""

from typing import Any

from django.db.models import QuerySet
from graphene import ID, Boolean, DateTime, Field, List, NonNull, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.grants import require_session
from capsite.accounts.graphql.people import Me
from capsite.accounts.models import PersonalToken
from capsite.accounts.selectors import tokens_of
from capsite.accounts.services.tokens import token_create, token_revoke
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import uuid_of
from capsite.common.graphql.writes import Write


class Token(DjangoObjectType):
    """A key for one's programs; its secret was shown once."""

    scopes = List(NonNull(String), required=True)

    class Meta:
        """The digest is nobody's business."""

        model = PersonalToken
        name = "PersonalToken"
        fields = ("id", "name", "prefix", "created_at", "expires_at", "last_used_at")
        interfaces = (relay.Node,)

    @classmethod
    def get_node(cls, info: Any, key: str) -> PersonalToken | None:
        """Return one's own token."""
        return _mine(info).filter(pk=uuid_of(key, "PersonalToken")).first()


def _mine(info: Any) -> QuerySet[PersonalToken]:
    require_session(info.context.caller.grant)
    return tokens_of(info.context.person)


@extends(Me)
class MyTokens:
    """One's tokens."""

    tokens = Listing(_mine).field(
        connection_of(Token), description="Your tokens that were not revoked; not for tokens."
    )


class TokenCreate(Write):
    """Make a personal token; its secret is shown this once."""

    token = Field(NonNull(Token))
    secret = String(required=True, description="Shown once, kept nowhere.")

    class Arguments:
        """What the token may do, and until when."""

        name = String(required=True)
        scopes = List(NonNull(String), required=True)
        expires_at = DateTime(required=True)

    @classmethod
    def write(cls, info: Any, **given: Any) -> dict[str, Any]:
        """Call the service."""
        require_session(info.context.caller.grant)
        token, secret = token_create(person=info.context.person, **given)
        return {"token": token, "secret": secret}


class TokenRevoke(Write):
    """End a token at once, with every socket it opened."""

    ok = Boolean(required=True)

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        require_session(info.context.caller.grant)
        token_revoke(person=info.context.person, token_id=uuid_of(id, "PersonalToken"))
        return {"ok": True}


class Mutation:
    """What one does with tokens."""

    token_create = TokenCreate.Field()
    token_revoke = TokenRevoke.Field()
