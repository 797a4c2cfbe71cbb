"""The roof over every app's GraphQL tree: one schema, and what each of its fields requires."""

from typing import Any

from django.http import HttpRequest
from graphene import ObjectType, Schema
from graphql import GraphQLSchema

import annotations.graphql.search
import annotations.graphql.statistics
import annotations.graphql.texts
import captions.graphql.captions
import captions.graphql.models
import captions.graphql.moderation
import captions.graphql.subscriptions
import captions.graphql.webhooks
import gallery.graphql.albums
import gallery.graphql.batches
import gallery.graphql.images
import gallery.graphql.subscriptions
from capsite.accounts.endings import grant_group
from capsite.accounts.grant import person_grant_id
from capsite.accounts.grants import bearer_authenticate, grant_of, require_scope
from capsite.accounts.graphql import people, tokens
from capsite.accounts.header import bearer_of
from capsite.accounts.scopes import Scope
from capsite.common.errors import CapsiteError
from capsite.common.graphql.context import Caller
from capsite.common.graphql.execution import Prepared
from capsite.common.graphql.ids import node_field
from capsite.gateway.addresses import address_of, address_of_scope
from capsite.gateway.ratelimit import rate_check, rate_request

# Every operation answers with data, so every one requires captions:read; these require more.
SCOPES: dict[str, Scope] = {
    "albumAdd": Scope.CAPTIONS_WRITE,
    "albumCreate": Scope.CAPTIONS_WRITE,
    "albumDelete": Scope.CAPTIONS_WRITE,
    "albumMove": Scope.CAPTIONS_WRITE,
    "albumRemove": Scope.CAPTIONS_WRITE,
    "albumUpdate": Scope.CAPTIONS_WRITE,
    "annotationEdit": Scope.ANNOTATIONS_WRITE,
    "annotationRevert": Scope.ANNOTATIONS_WRITE,
    "batchCreate": Scope.CAPTIONS_WRITE,
    "captionAsk": Scope.CAPTIONS_WRITE,
    "captionPromote": Scope.ANNOTATIONS_WRITE,
    "caseDecide": Scope.MODERATION,
    "imageDelete": Scope.CAPTIONS_WRITE,
    "imageUpdate": Scope.CAPTIONS_WRITE,
    "imageUpload": Scope.CAPTIONS_WRITE,
    "jobRetry": Scope.CAPTIONS_WRITE,
    "moderationCases": Scope.MODERATION,
    "tokenCreate": Scope.CAPTIONS_WRITE,  # and a session: no token makes another
    "tokenRevoke": Scope.CAPTIONS_WRITE,
    "voteCast": Scope.CAPTIONS_WRITE,
    "voteWithdraw": Scope.CAPTIONS_WRITE,
    "webhookCreate": Scope.CAPTIONS_WRITE,
    "webhookDelete": Scope.CAPTIONS_WRITE,
    "webhookDeliveryResend": Scope.CAPTIONS_WRITE,
    "webhookPing": Scope.CAPTIONS_WRITE,
    "webhookSecretRotate": Scope.CAPTIONS_WRITE,
    "webhookUpdate": Scope.CAPTIONS_WRITE,
    "webhooks": Scope.CAPTIONS_WRITE,  # their addresses may hold secrets of others
}
READS = ("moderationCases", "webhooks")
UPLOADS = ("imageUpload", "batchCreate")


class Query(
    people.Query,
    gallery.graphql.images.Query,
    gallery.graphql.albums.Query,
    gallery.graphql.batches.Query,
    captions.graphql.captions.Query,
    captions.graphql.models.Query,
    captions.graphql.moderation.Query,
    annotations.graphql.texts.Query,
    annotations.graphql.search.Query,
    annotations.graphql.statistics.Query,
    ObjectType,
):
    """What can be read. Lists and links hold only what whoever asks may see."""

    node = node_field()


class Mutation(
    tokens.Mutation,
    gallery.graphql.images.Mutation,
    gallery.graphql.albums.Mutation,
    gallery.graphql.batches.Mutation,
    captions.graphql.captions.Mutation,
    captions.graphql.moderation.Mutation,
    captions.graphql.webhooks.Mutation,
    annotations.graphql.texts.Mutation,
    ObjectType,
):
    """What can be done; each requires the scope that docs/graphql.md names."""


class Subscription(
    gallery.graphql.subscriptions.Subscription,
    captions.graphql.subscriptions.Subscription,
    ObjectType,
):
    """What can be followed, over the WebSocket at /ws/graphql/."""


schema = Schema(query=Query, mutation=Mutation, subscription=Subscription)


class SiteServer:
    """What ``capsite.common.graphql`` needs to know of the apps above it."""

    schema: GraphQLSchema = schema.graphql_schema

    def caller_of(self, request: HttpRequest) -> Caller:
        """Return whose bearer token, session or visit this is."""
        raw = bearer_of(request.headers.get("Authorization", ""))
        noted: Any = request
        if raw is not None:
            noted.user, noted.auth = bearer_authenticate(raw)
        signed_in = raw is None and request.user.is_authenticated
        return Caller(request.user, grant_of(request), address_of(request), by_session=signed_in)

    def caller_of_socket(self, scope: dict[str, Any], raw: str | None) -> Caller:
        """Return who opened the socket, or whose token its first message brought."""
        person, grant = scope["user"], scope["grant"]
        if raw is not None:
            person, grant = bearer_authenticate(raw)
        return Caller(person, grant, address_of_scope(scope))

    def count_request(self, request: HttpRequest, caller: Caller) -> None:
        """Count an operation, and note on the request what the answer's headers will say."""
        rate_request(request, scope="graphql")

    def count_socket(self, caller: Caller, scope: str) -> None:
        """Count a socket, or an operation on it."""
        self._count(caller, scope)

    def admit(self, caller: Caller, operation: Prepared) -> None:
        """Refuse a grant that may not read at all."""
        require_scope(caller.grant, Scope.CAPTIONS_READ)

    def require(self, caller: Caller, field: str) -> None:
        """Refuse what the grant does not cover, and too many changes."""
        require_scope(caller.grant, SCOPES[field])
        if field not in READS:
            self._count(caller, "upload" if field in UPLOADS else "write")

    def ends(self, caller: Caller) -> list[str]:
        """Return the groups that hear of the end of a grant, or of all of a person's."""
        ids = (caller.grant.id, person_grant_id(caller.person.pk))
        return [grant_group(each) for each in ids]

    def stands(self, raw: str) -> bool:
        """Ask the database whether a token still opens something."""
        try:
            bearer_authenticate(raw)
        except CapsiteError:
            return False
        return True

    def _count(self, caller: Caller, scope: str) -> None:
        rate_check(grant=caller.grant, person=caller.person, address=caller.address, scope=scope)


server = SiteServer()
