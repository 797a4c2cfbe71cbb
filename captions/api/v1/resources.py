"""What version 1 shows of photos, jobs and votes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.api.shared.pagination import PageQuery
from captions.api.shared.resources.people import PersonSerializer
from captions.api.shared.waiting import MOST_SECONDS
from captions.api.v1.serializers import AddressesSerializer, CaptionSerializer, JobSerializer
from captions.selectors import caption_best
from gallery.models import CaptionJob, Image
from gallery.models.image import FORMATS, Visibility
from gallery.models.job import State


class ImageSerializer(AddressesSerializer):
    """A photo with what is known of it."""

    title = serializers.CharField(allow_blank=True)
    owner = PersonSerializer(allow_null=True)
    width = serializers.IntegerField(min_value=1)
    height = serializers.IntegerField(min_value=1)
    format = serializers.ChoiceField(FORMATS)
    size = serializers.IntegerField(min_value=1, help_text="Bytes, as it was sent.")
    visibility = serializers.ChoiceField(Visibility.values)
    created_at = serializers.DateTimeField()
    state = serializers.SerializerMethodField()
    best_caption = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(State.values, allow_null=True))
    def get_state(self, image: Image) -> str | None:
        """Return the state of the newest job; null where there never was one."""
        job = image.latest_job
        return job.state if job else None

    @extend_schema_field(CaptionSerializer(allow_null=True))
    def get_best_caption(self, image: Image) -> dict[str, Any] | None:
        """Return the most confident caption."""
        best = caption_best(image)
        return CaptionSerializer(best).data if best else None


class ImagesQuery(PageQuery):
    """Which photos."""

    owner = serializers.CharField(
        required=False, max_length=150, help_text="A member's name, or `me`."
    )


class ImageChange(serializers.Serializer):
    """What may be changed of a photo."""

    title = serializers.CharField(required=False, allow_blank=True, max_length=255)
    visibility = serializers.ChoiceField(Visibility.values, required=False)


class JobOfImageSerializer(JobSerializer):
    """One job, with its photo."""

    image = serializers.UUIDField(source="image_id", read_only=True)

    class Meta(JobSerializer.Meta):
        """The fields a program may rely on."""

        model = CaptionJob
        fields = [*JobSerializer.Meta.fields, "image"]
        read_only_fields = fields


class WaitQuery(serializers.Serializer):
    """How long to wait for the end of a job."""

    wait = serializers.FloatField(
        default=0, min_value=0, max_value=MOST_SECONDS, help_text="Seconds to wait at most."
    )


class VoteBody(serializers.Serializer):
    """A vote: 1 for, -1 against; a report as harmful is a vote against."""

    value = serializers.ChoiceField([1, -1])
    harmful = serializers.BooleanField(default=False)
    reason = serializers.CharField(default="", allow_blank=True, max_length=500)


class VotesSerializer(serializers.Serializer):
    """How people voted on a caption; `mine` is your own vote, null where there is none."""

    caption = serializers.UUIDField()
    up = serializers.IntegerField(min_value=0)
    down = serializers.IntegerField(min_value=0)
    mine = serializers.ChoiceField([1, -1], allow_null=True)
