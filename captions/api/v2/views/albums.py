"""The photos of an album, as version 2 lists them and puts them in order."""

from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from captions.api.shared.bodies import checked
from captions.api.shared.pagination import PageQuery, keyset_page, page_serializer
from captions.api.shared.resources import albums
from captions.api.shared.resources.album_bodies import AlbumSerializer
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from captions.api.v2.serializers.images import ImageSerializer
from captions.api.v2.shown import images_shown
from captions.selectors import images_detailed
from gallery.access import album_for
from gallery.selectors import album_images
from gallery.services.albums import album_move


class AlbumImages(albums.AlbumImages):
    """``GET``, ``POST`` and ``DELETE /api/v2/albums/{id}/images``."""

    @endpoint(
        name="album_images_list",
        tag="albums",
        summary="List an album's photos in its order",
        description="Those that you may see.",
        query=[PageQuery],
        answers={200: page_serializer(ImageSerializer)},
        codes=["invalid", "bad_cursor", "not_found"],
        language=True,
    )
    def get(self, request: Request, album_id: UUID) -> Response:
        """Answer a page of photos."""
        rows = album_images(request.user, album_for(request.user, album_id))
        page = keyset_page(request, images_detailed(rows), albums.IN_ORDER)
        return page.answer(lambda images: images_shown(request, images))


class PlaceBody(serializers.Serializer):
    """Where a photo goes in its album."""

    after = serializers.UUIDField(
        allow_null=True, help_text="The photo of the album that it comes right after; null: first."
    )


class AlbumImagePlace(ApiView):
    """``PUT /api/v2/albums/{id}/images/{image_id}/place``."""

    scopes = albums.WRITES
    members = frozenset({"PUT"})

    @endpoint(
        name="album_image_place",
        tag="albums",
        summary="Put a photo of an album in another place",
        description="Right after another photo of it, or first. Of moves at once all count.",
        request=PlaceBody,
        answers={200: AlbumSerializer},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def put(self, request: Request, album_id: UUID, image_id: UUID) -> Response:
        """Answer the album."""
        place = checked(PlaceBody, request.data)
        album_move(person=request.user, album_id=album_id, image_id=image_id, **place)
        return Response(albums.album_shown(request, album_id))
