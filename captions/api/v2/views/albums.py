"""The photos of an album, as version 2 lists them."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from captions.api.shared.pagination import PageQuery, keyset_page, page_serializer
from captions.api.shared.resources import albums
from captions.api.shared.schema import endpoint
from captions.api.v2.serializers.images import ImageSerializer
from captions.api.v2.shown import images_shown
from captions.selectors import images_detailed
from gallery.access import album_for
from gallery.selectors import album_images


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
