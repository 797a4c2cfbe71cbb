"""Published texts and what a search found, as version 2 shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.api.shared import VersionField
from annotations.models import Annotation, Kind
from captions.api.shared.pagination import PageQuery
from captions.api.shared.resources.people import PersonSerializer
from captions.api.v2.serializers.images import ImageSerializer
from gallery.models.job import Language


class AnnotationSerializer(serializers.Serializer):
    """The text that is published for a photo in a language."""

    id = serializers.UUIDField()
    image = serializers.UUIDField(source="image_id")
    language = serializers.ChoiceField(Language.values)
    version = serializers.IntegerField(min_value=1)
    text = serializers.CharField()
    author = PersonSerializer(allow_null=True)
    updated_at = serializers.DateTimeField()


class RevisionSerializer(serializers.Serializer):
    """One version of a published text; nothing changes or removes it."""

    number = serializers.IntegerField(min_value=1)
    text = serializers.CharField()
    author = PersonSerializer(allow_null=True)
    kind = serializers.ChoiceField(Kind.values)
    caption = serializers.UUIDField(
        source="caption_id", allow_null=True, help_text="The suggestion it was made from."
    )
    reverted_to = serializers.IntegerField(
        min_value=1, allow_null=True, help_text="The version it restores."
    )
    created_at = serializers.DateTimeField()


class EditSerializer(serializers.Serializer):
    """One edit of a history: a version without its words."""

    number = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(Kind.values)
    author = PersonSerializer(allow_null=True)
    caption = serializers.UUIDField(allow_null=True, help_text="The suggestion it was made from.")
    reverted_to = serializers.IntegerField(
        min_value=1, allow_null=True, help_text="The version it restores."
    )
    at = serializers.DateTimeField()


class EditedAnnotationSerializer(AnnotationSerializer):
    """A published text with its edit history, the first edit first."""

    history = serializers.SerializerMethodField()

    @extend_schema_field(EditSerializer(many=True))
    def get_history(self, annotation: Annotation) -> list[dict[str, Any]]:
        """Name the people, whom the context holds by their keys."""
        editors = self.context["editors"]
        return [
            edit | {"author": _named(editors.get(edit["author"]))} for edit in annotation.history
        ]


def _named(person: Any) -> dict[str, Any] | None:
    return PersonSerializer(person).data if person else None


class EditedQuery(PageQuery):
    """Which texts: those that have one edit which fits all three of the first fields."""

    edited_by = serializers.CharField(required=False, max_length=150, help_text="A member's name.")
    kind = serializers.ChoiceField(Kind.values, required=False, help_text="How it was edited.")
    caption = serializers.UUIDField(required=False, help_text="Made from this suggestion.")
    language = serializers.ChoiceField(Language.values, required=False)


class PromoteBody(serializers.Serializer):
    """On top of which version a suggestion is published."""

    base_version = VersionField(help_text="The version you saw; 0 where there was none.")


class RevertBody(PromoteBody):
    """Which earlier version is published again."""

    number = VersionField(min_value=1, help_text="The version to restore.")


class FoundSerializer(serializers.Serializer):
    """A photo that a search found."""

    rank = serializers.FloatField(min_value=0, max_value=1, help_text="How well it matches.")
    matched_text = serializers.CharField(allow_blank=True)
    image = serializers.SerializerMethodField()

    @extend_schema_field(ImageSerializer)
    def get_image(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return the photo, shown already."""
        return found["image"]
