"""What albums are told in; the same in every version."""

from rest_framework import serializers

from captions.api.shared.pagination import PageQuery
from captions.api.shared.resources.people import PersonSerializer
from gallery.models.image import Visibility


class AlbumSerializer(serializers.Serializer):
    """A member's album."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    visibility = serializers.ChoiceField(Visibility.values)
    owner = PersonSerializer()
    image_count = serializers.IntegerField(min_value=0, help_text="Those that you may see.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class AlbumsQuery(PageQuery):
    """Which albums."""

    owner = serializers.CharField(
        required=False, max_length=150, help_text="A member's name, or `me`."
    )


class AlbumBody(serializers.Serializer):
    """A new album."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(default="", allow_blank=True, max_length=5000)
    visibility = serializers.ChoiceField(Visibility.values, default=Visibility.PRIVATE)


class AlbumChange(serializers.Serializer):
    """What may be changed of an album."""

    title = serializers.CharField(required=False, max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    visibility = serializers.ChoiceField(Visibility.values, required=False)


class ImagesBody(serializers.Serializer):
    """Photos to put into an album or to take out."""

    images = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=100)
