"""Photos, as version 2 shows them."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from captions.api.shared.pagination import PageQuery
from captions.api.shared.resources.people import PersonSerializer
from captions.api.v2.serializers.captions import CaptionSerializer
from captions.selectors import caption_best
from gallery.models import Image
from gallery.models.image import FORMATS, Visibility
from gallery.models.job import Language, State


class VariantSerializer(serializers.Serializer):
    """A smaller picture of a photo, as WebP without metadata."""

    name = serializers.CharField()
    width = serializers.IntegerField(min_value=1)
    height = serializers.IntegerField(min_value=1)
    url = serializers.URLField()


class PublishedSerializer(serializers.Serializer):
    """The text that was published for a photo in a language."""

    language = serializers.ChoiceField(Language.values)
    text = serializers.CharField()
    version = serializers.IntegerField(min_value=1)
    author = PersonSerializer(allow_null=True)


class ImageSerializer(serializers.Serializer):
    """A photo with what is known of it."""

    # The context holds ``request``, and may hold ``mine`` (votes) and ``language`` (preferred).
    id = serializers.UUIDField()
    title = serializers.CharField(allow_blank=True)
    url = serializers.SerializerMethodField()
    owner = PersonSerializer(allow_null=True)
    width = serializers.IntegerField(min_value=1)
    height = serializers.IntegerField(min_value=1)
    format = serializers.ChoiceField(FORMATS)
    size = serializers.IntegerField(min_value=1, help_text="Bytes, as it was sent.")
    sha256 = serializers.CharField(help_text="Of the bytes as they were sent.")
    visibility = serializers.ChoiceField(Visibility.values)
    created_at = serializers.DateTimeField()
    variants = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    best_caption = serializers.SerializerMethodField()
    published = PublishedSerializer(many=True, source="annotations.all")

    @extend_schema_field(serializers.URLField())
    def get_url(self, image: Image) -> str:
        """Return the address of the photo's page."""
        return self._absolute(reverse("gallery:photo", args=[image.pk]))

    @extend_schema_field(VariantSerializer(many=True))
    def get_variants(self, image: Image) -> list[dict[str, Any]]:
        """Return the smaller pictures with their addresses."""
        return [item | {"url": self._variant(image, item["name"])} for item in image.variants]

    @extend_schema_field(serializers.ChoiceField(State.values, allow_null=True))
    def get_state(self, image: Image) -> str | None:
        """Return the state of the newest job; null where there never was one."""
        job = image.latest_job
        return job.state if job else None

    @extend_schema_field(CaptionSerializer(allow_null=True))
    def get_best_caption(self, image: Image) -> dict[str, Any] | None:
        """Return the most confident caption, in the language asked for where there is one."""
        best = caption_best(image, self.context.get("language"))
        return CaptionSerializer(best, context=self.context).data if best else None

    def _variant(self, image: Image, name: str) -> str:
        return self._absolute(reverse("gallery:derivative", args=[image.pk, name]))

    def _absolute(self, path: str) -> str:
        return self.context["request"].build_absolute_uri(path)


class ImagesQuery(PageQuery):
    """Which photos."""

    owner = serializers.CharField(
        required=False, max_length=150, help_text="A member's name, or `me`."
    )
    since = serializers.DateTimeField(required=False, help_text="Sent at this time or later.")
    until = serializers.DateTimeField(required=False, help_text="Sent before this time.")


class ImageChange(serializers.Serializer):
    """What may be changed of a photo."""

    title = serializers.CharField(required=False, allow_blank=True, max_length=255)
    visibility = serializers.ChoiceField(Visibility.values, required=False)
