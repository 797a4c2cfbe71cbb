"""What version 1 of the REST API reads and writes."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.api.shared.intake import WAYS, PhotoFields
from captions.api.shared.waiting import MOST_SECONDS
from captions.models import Caption, CaptionModel, ModelRole
from gallery.models import CaptionJob, Image
from gallery.models.job import Language, Strategy
from gallery.reasons import reason_words

LEVELS = ("low", "medium", "high")
NO_STRATEGY = _("'{input}' is no strategy of captions. Choose one of: beam, nucleus, greedy.")
NO_LANGUAGE = _("'{input}' is no language of captions. Choose one of: en, tr.")


class CaptionRequestSerializer(PhotoFields):
    """A photo, as a multipart form or JSON, and how to caption it."""

    strategy = serializers.ChoiceField(
        choices=Strategy.choices,
        default=Strategy.BEAM,
        error_messages={"invalid_choice": NO_STRATEGY},
    )
    language = serializers.ChoiceField(
        choices=Language.choices,
        default=Language.ENGLISH,
        error_messages={"invalid_choice": NO_LANGUAGE},
    )
    num = serializers.IntegerField(min_value=1, max_value=10, required=False)
    wait = serializers.FloatField(
        default=0, min_value=0, max_value=MOST_SECONDS, help_text="Seconds to wait at most."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take exactly one photo; a form that has none is told of its field, as ever."""
        if not any(way in attrs for way in WAYS):
            message = _("Send a photo as the multipart field 'image'.")
            raise serializers.ValidationError({"image": message}, code="required")
        return super().validate(attrs)


class CaptionSerializer(serializers.ModelSerializer):
    """One caption."""

    model: serializers.StringRelatedField = serializers.StringRelatedField()
    level = serializers.ChoiceField(LEVELS, read_only=True, allow_blank=True)

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
        read_only_fields = fields


class ErrorSerializer(serializers.Serializer):
    """Why something failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class JobSerializer(serializers.ModelSerializer):
    """One job, with the reason when it failed."""

    error = serializers.SerializerMethodField()

    class Meta:
        """The fields a program may rely on."""

        model = CaptionJob
        fields = ["id", "state", "strategy", "language", "num", "error", "created_at"]
        read_only_fields = fields

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, job: CaptionJob) -> dict[str, str] | None:
        """Return code and message of a failure, or null."""
        if not job.error_code:
            return None
        message = reason_words(job.error_code, job.error_message)
        return {"code": job.error_code, "message": message}


class AddressesSerializer(serializers.Serializer):
    """A photo's id, its page, and where its captions are."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField()
    captions_url = serializers.SerializerMethodField()

    def get_url(self, image: Image) -> str:
        """Return the address of the photo's page."""
        return reverse("gallery:photo", args=[image.pk])

    def get_captions_url(self, image: Image) -> str:
        """Return the address of its captions."""
        return reverse("v1:image-captions", args=[image.pk])


class WaitingSerializer(serializers.Serializer):
    """A photo that was sent, and the job that captions it."""

    image = AddressesSerializer()
    job = JobSerializer()


class CaptionedSerializer(WaitingSerializer):
    """A photo that was sent, its job, and the captions, where the job is done."""

    captions = CaptionSerializer(many=True, required=False)


class CaptionsOfImageSerializer(serializers.Serializer):
    """Every caption of a photo, the most confident first, and its latest job."""

    results = CaptionSerializer(many=True)
    job = JobSerializer(allow_null=True)


class RoleSerializer(serializers.ModelSerializer):
    """What a version does for a language now."""

    class Meta:
        """The fields a program may rely on; ``share`` is null for an active version."""

        model = ModelRole
        fields = ["language", "role", "share", "since"]
        read_only_fields = fields


class VersionSerializer(serializers.ModelSerializer):
    """One version of the captioner."""

    roles = RoleSerializer(many=True)
    languages = serializers.ListField(child=serializers.CharField())
    metrics = serializers.DictField()

    class Meta:
        """The fields a program may rely on."""

        model = CaptionModel
        fields = ["name", "revision", "languages", "roles", "metrics", "registered_at"]
        read_only_fields = fields


class VersionsSerializer(serializers.Serializer):
    """Every registered version, the newest first."""

    results = VersionSerializer(many=True)
