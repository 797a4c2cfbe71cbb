"""The versions of the captioner as GraphQL nodes."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from graphene import DateTime, Enum, Field, Float, Int, List, NonNull, ObjectType, String, relay
from graphene_django import DjangoObjectType

from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loader
from capsite.common.graphql.paging import Ordering
from captions.models import CaptionModel, ModelRole, Role

RoleKind = Enum.from_enum(Role, name="ModelRoleKind", description="What a version does.")


class Serving(ObjectType):
    """What a version does for a language now."""

    language = String(required=True)
    role = Field(NonNull(RoleKind))
    share = Int(description="Percent of the photos that a candidate captions.")
    since = DateTime(required=True)


class Figure(ObjectType):
    """One figure of a version's evaluation."""

    language = String(required=True)
    name = String(required=True)
    value = Float(required=True)


class Model(DjangoObjectType):
    """One version of the captioner."""

    languages = List(NonNull(String), required=True)
    roles = List(NonNull(Serving), required=True)
    metrics = List(NonNull(Figure), required=True)

    class Meta:
        """Where it lies and why it did not load is the administrators' business."""

        model = CaptionModel
        name = "Model"
        fields = ("id", "name", "revision", "registered_at")
        interfaces = (relay.Node,)

    @staticmethod
    async def resolve_roles(model: CaptionModel, info: Any) -> list[ModelRole]:
        """Return the roles, of every version at once."""

        def batch(keys: list[Any]) -> dict[Any, list[ModelRole]]:
            found: dict[Any, list[ModelRole]] = {key: [] for key in keys}
            for role in ModelRole.objects.filter(model_id__in=keys):
                found[role.model_id].append(role)
            return found

        return list(await loader(info, "roles", batch).load(model.pk))

    @staticmethod
    def resolve_metrics(model: CaptionModel, _info: Any) -> list[dict[str, Any]]:
        """Return every number of the evaluation."""
        return [
            {"language": language, "name": name, "value": value}
            for language, figures in model.metrics.items()
            if isinstance(figures, dict)
            for name, value in figures.items()
            if isinstance(value, int | float)
        ]

    @classmethod
    def get_node(cls, _info: Any, key: str) -> CaptionModel | None:
        """Return a version; all of them are public."""
        small = key.isascii() and key.isdigit() and len(key) < 10
        return CaptionModel.objects.filter(pk=key).first() if small else None


def _versions(_info: Any) -> QuerySet[CaptionModel]:
    return CaptionModel.objects.all()


class Query:
    """The versions of the captioner."""

    models = Listing(_versions, order=Ordering((("-registered_at", datetime), ("-id", int)))).field(
        connection_of(Model), description="The site's captioners, the newest first."
    )
