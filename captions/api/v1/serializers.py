"""What version 1 of the REST API reads and writes."""

from rest_framework import serializers

from captions.models import Caption
from gallery.models import CaptionJob
from gallery.models.job import Language, Strategy


class CaptionRequestSerializer(serializers.Serializer):
    """The multipart form of a caption request."""

    image = serializers.FileField(
        allow_empty_file=True,  # an empty file is refused by the ingest, in its own words
        error_messages={
            "required": "Send a photo as the multipart field 'image'.",
            "invalid": "Send a photo as the multipart field 'image', not as text.",
        },
    )
    strategy = serializers.ChoiceField(choices=Strategy.choices, default=Strategy.BEAM)
    language = serializers.ChoiceField(choices=Language.choices, default=Language.ENGLISH)
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
