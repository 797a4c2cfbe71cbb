"""Published texts and what a search found, as version 1 shows them."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Annotation
from gallery.models import Image
from gallery.models.job import Language


class AnnotationSerializer(serializers.Serializer):
    """The text that is published for a photo in a language."""

    id = serializers.UUIDField()
    image = serializers.UUIDField(source="image_id")
    language = serializers.ChoiceField(Language.values)
    version = serializers.IntegerField(min_value=1)
    text = serializers.CharField()
    author = serializers.SerializerMethodField()
    updated_at = serializers.DateTimeField()

    def get_author(self, annotation: Annotation) -> str | None:
        """Return the name of who wrote this version."""
        return annotation.author.get_username() if annotation.author else None


class FoundImageSerializer(serializers.Serializer):
    """A photo that a search found, and where its captions are."""

    id = serializers.UUIDField()
    title = serializers.CharField(allow_blank=True)
    url = serializers.SerializerMethodField()
    captions_url = serializers.SerializerMethodField()
    rank = serializers.FloatField(min_value=0, max_value=1, help_text="How well it matches.")
    matched_text = serializers.CharField(allow_blank=True)

    @extend_schema_field(serializers.CharField())
    def get_url(self, image: Image) -> str:
        """Return the address of the photo's page."""
        return reverse("gallery:photo", args=[image.pk])

    @extend_schema_field(serializers.CharField())
    def get_captions_url(self, image: Image) -> str:
        """Return the address of its captions."""
        return reverse("v1:image-captions", args=[image.pk])
