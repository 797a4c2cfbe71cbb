"""REST version 1: list, read, change and delete photos; list those of an album."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from captions.api.shared.bodies import checked, query_of
from captions.api.shared.pagination import PageQuery, keyset_page, page_serializer
from captions.api.shared.resources import albums
from captions.api.shared.resources.people import owned_by
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView
from captions.api.v1.resources import ImageChange, ImageSerializer, ImagesQuery
from captions.selectors import images_detailed
from gallery.access import album_for, image_for, images_listed
from gallery.models import Image
from gallery.selectors import album_images
from gallery.services.images import image_delete, image_update

NEWEST = ("-created_at", "-id")


class Images(ApiView):
    """``GET /api/v1/images``."""

    @endpoint(
        name="images_list",
        tag="images",
        summary="List photos, the newest first",
        description="Public photos and your own. `owner=me` lists your own alone.",
        query=[ImagesQuery],
        answers={200: page_serializer(ImageSerializer)},
        codes=["invalid", "bad_cursor", "sign_in_required"],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of photos."""
        query = query_of(request, ImagesQuery)
        rows = owned_by(request, images_listed(request.user), query.get("owner"))
        return keyset_page(request, images_detailed(rows), NEWEST).answer(_shown)


class ImageDetail(ApiView):
    """``GET``, ``PATCH`` and ``DELETE /api/v1/images/{id}``."""

    scopes = {"GET": Scope.CAPTIONS_READ, "*": Scope.CAPTIONS_WRITE}
    members = frozenset({"PATCH", "DELETE"})

    @endpoint(
        name="image_read",
        tag="images",
        summary="Read a photo",
        answers={200: ImageSerializer},
        codes=["not_found"],
    )
    def get(self, request: Request, image_id: UUID) -> Response:
        """Answer one photo."""
        return self._one(request, image_id)

    @endpoint(
        name="image_update",
        tag="images",
        summary="Change a photo's title or who may see it",
        request=ImageChange,
        answers={200: ImageSerializer},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def patch(self, request: Request, image_id: UUID) -> Response:
        """Answer the photo as it is now."""
        changes = checked(ImageChange, request.data)
        image_update(person=request.user, image_id=image_id, **changes)
        return self._one(request, image_id)

    @endpoint(
        name="image_delete",
        tag="images",
        summary="Delete a photo with all that hangs on it",
        answers={204: OpenApiResponse(description="It is gone.")},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, image_id: UUID) -> Response:
        """Answer 204."""
        image_delete(person=request.user, image_id=image_id)
        return Response(status=204)

    def _one(self, request: Request, image_id: UUID) -> Response:
        every = images_detailed(Image.objects.all())
        return Response(ImageSerializer(image_for(request.user, image_id, every)).data)


class AlbumImages(albums.AlbumImages):
    """``GET``, ``POST`` and ``DELETE /api/v1/albums/{id}/images``."""

    @endpoint(
        name="album_images_list",
        tag="albums",
        summary="List an album's photos in its order",
        description="Those that you may see.",
        query=[PageQuery],
        answers={200: page_serializer(ImageSerializer)},
        codes=["invalid", "bad_cursor", "not_found"],
    )
    def get(self, request: Request, album_id: UUID) -> Response:
        """Answer a page of photos."""
        rows = album_images(request.user, album_for(request.user, album_id))
        return keyset_page(request, images_detailed(rows), albums.IN_ORDER).answer(_shown)


def _shown(images: list[Image]) -> Any:
    return ImageSerializer(images, many=True).data
