"""Who asks, and what their sign-in or token may do; the same in every version."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.grants import grant_of
from capsite.accounts.scopes import Role, Scope, role_of
from captions.api.shared.schema import endpoint
from captions.api.shared.views import EVERY_METHOD, ApiView
from gallery.access import require_member

SCOPES = [scope.value for scope in Scope]
KINDS = ["session", "jwt", "token", "oauth"]
Row = TypeVar("Row", bound=Model)


class PersonSerializer(serializers.Serializer):
    """Who did something."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="username")


class MeSerializer(PersonSerializer):
    """Who asks, and what this sign-in or token may do."""

    role = serializers.ChoiceField([role.value for role in Role])
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES))
    signed_in_by = serializers.ChoiceField(KINDS)
    client = serializers.CharField(allow_blank=True, help_text="The token's or program's name.")
    expires_at = serializers.DateTimeField(allow_null=True)


class Me(ApiView):
    """``GET me``; a token of any scope may ask whose it is."""

    scopes = {"GET": None}
    members = EVERY_METHOD

    @endpoint(
        name="me_read",
        tag="me",
        summary="Read who you are and what this sign-in may do",
        answers={200: MeSerializer},
        members=True,
    )
    def get(self, request: Request) -> Response:
        """Answer person, role and scopes."""
        grant = grant_of(request)
        facts = {
            "id": request.user.pk,
            "username": request.user.get_username(),
            "role": role_of(request.user),
            "scopes": sorted(grant.scopes),
            "signed_in_by": grant.kind,
            "client": grant.client,
            "expires_at": grant.expires_at,
        }
        return Response(MeSerializer(facts).data)


def owned_by(request: Request, rows: QuerySet[Row], name: str | None) -> QuerySet[Row]:
    """Return those rows that a member owns; ``me`` needs somebody who signed in."""
    if name is None:
        return rows
    if name != "me":
        return rows.filter(owner__username=name)
    require_member(request.user)
    return rows.filter(owner_id=request.user.pk)
