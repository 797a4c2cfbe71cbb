"""Strategies and versions of the captioner, as version 2 shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.models import Role
from gallery.models.job import Language, Strategy


class StrategySerializer(serializers.Serializer):
    """A way to choose words."""

    code = serializers.ChoiceField(Strategy.values)
    name = serializers.CharField()


class RoleSerializer(serializers.Serializer):
    """What a version does for a language now."""

    language = serializers.ChoiceField(Language.values)
    role = serializers.ChoiceField(Role.values)
    share = serializers.IntegerField(
        min_value=1, max_value=99, allow_null=True, help_text="Percent; null of the active one."
    )
    since = serializers.DateTimeField()


class VersionSerializer(serializers.Serializer):
    """One version of the captioner."""

    name = serializers.CharField()
    revision = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    roles = RoleSerializer(many=True)
    metrics = serializers.SerializerMethodField()
    registered_at = serializers.DateTimeField()

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_metrics(self, version: Any) -> dict[str, Any]:
        """Return the figures of its evaluation by language."""
        return version.metrics
