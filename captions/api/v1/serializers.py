"""What version 1 of the REST API reads and writes."""

from collections.abc import Sequence

from rest_framework import serializers

from captions.models import Caption, CaptionModel, ModelRole
from gallery.models import CaptionJob
from gallery.models.job import Language, Strategy


def _not_among(name: str, allowed: Sequence[str]) -> str:
    return f"'{{input}}' is no {name} of captions. Choose one of: {', '.join(allowed)}."


class CaptionRequestSerializer(serializers.Serializer):
    """The multipart form of a caption request."""

    image = serializers.FileField(
        allow_empty_file=True,  # an empty file is refused by the ingest, in its own words
        error_messages={
            "required": "Send a photo as the multipart field 'image'.",
            "invalid": "Send a photo as the multipart field 'image', not as text.",
        },
    )
    strategy = serializers.ChoiceField(
        choices=Strategy.choices,
        default=Strategy.BEAM,
        error_messages={"invalid_choice": _not_among("strategy", Strategy.values)},
    )
    language = serializers.ChoiceField(
        choices=Language.choices,
        default=Language.ENGLISH,
        error_messages={"invalid_choice": _not_among("language", Language.values)},
    )
    num = serializers.IntegerField(min_value=1, max_value=10, required=False)


class CaptionSerializer(serializers.ModelSerializer):
    """One caption."""

    model: serializers.StringRelatedField = serializers.StringRelatedField()
    level = serializers.CharField(read_only=True)

    class Meta:
        """The fields a program may rely on."""

        model = Caption
        fields = [
            "id",
            "text",
            "confidence",
            "level",
            "log_probability",
            "strategy",
            "language",
            "origin",
            "rank",
            "model",
            "created_at",
        ]


class JobSerializer(serializers.ModelSerializer):
    """One job, with the reason when it failed."""

    error = serializers.SerializerMethodField()

    class Meta:
        """The fields a program may rely on."""

        model = CaptionJob
        fields = ["id", "state", "strategy", "language", "num", "error", "created_at"]

    def get_error(self, job: CaptionJob) -> dict[str, str] | None:
        """Return code and message of a failure, or null."""
        if not job.error_code:
            return None
        return {"code": job.error_code, "message": job.error_message}


class RoleSerializer(serializers.ModelSerializer):
    """What a version does for a language now."""

    class Meta:
        """The fields a program may rely on; ``share`` is null for an active version."""

        model = ModelRole
        fields = ["language", "role", "share", "since"]


class VersionSerializer(serializers.ModelSerializer):
    """One version of the captioner."""

    roles = RoleSerializer(many=True)

    class Meta:
        """The fields a program may rely on."""

        model = CaptionModel
        fields = ["name", "revision", "languages", "roles", "metrics", "registered_at"]
