"""Albums: make, read, change and delete them; put photos in and take them out."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from capsite.accounts.scopes import Scope
from capsite.common.errors import NotFound
from captions.api.shared.bodies import checked, query_of
from captions.api.shared.pagination import keyset_page, page_serializer
from captions.api.shared.resources.album_bodies import (
    AlbumBody,
    AlbumChange,
    AlbumSerializer,
    AlbumsQuery,
    ImagesBody,
)
from captions.api.shared.resources.people import owned_by
from captions.api.shared.schema import endpoint
from captions.api.shared.views import ApiView, IdempotentView
from gallery.access import album_for, albums_listed
from gallery.models import Album
from gallery.selectors import albums_counted
from gallery.services.albums import (
    album_add,
    album_create,
    album_delete,
    album_remove,
    album_update,
)

NEWEST = ("-created_at", "-id")
IN_ORDER = ("place",)
WRITES: dict[str, Scope | None] = {"GET": Scope.CAPTIONS_READ, "*": Scope.CAPTIONS_WRITE}


class Albums(IdempotentView):
    """``GET`` and ``POST albums``."""

    scopes = WRITES
    members = frozenset({"POST"})

    @endpoint(
        name="albums_list",
        tag="albums",
        summary="List albums, the newest first",
        description="Public albums and your own. `owner=me` lists your own alone.",
        query=[AlbumsQuery],
        answers={200: page_serializer(AlbumSerializer)},
        codes=["invalid", "bad_cursor", "sign_in_required"],
    )
    def get(self, request: Request) -> Response:
        """Answer a page of albums."""
        query = query_of(request, AlbumsQuery)
        rows = owned_by(request, albums_listed(request.user), query.get("owner"))
        page = keyset_page(request, albums_counted(request.user, rows), NEWEST)
        return page.answer(lambda albums: AlbumSerializer(albums, many=True).data)

    @endpoint(
        name="album_create",
        tag="albums",
        summary="Make an album",
        request=AlbumBody,
        answers={201: AlbumSerializer},
        members=True,
        writes=True,
        idempotent=True,
    )
    def post(self, request: Request) -> Response:
        """Answer 201 with the empty album."""
        album = album_create(person=request.user, **checked(AlbumBody, request.data))
        return Response(album_shown(request, album.pk), status=201)


class AlbumDetail(ApiView):
    """``GET``, ``PATCH`` and ``DELETE albums/{id}``."""

    scopes = WRITES
    members = frozenset({"PATCH", "DELETE"})

    @endpoint(
        name="album_read",
        tag="albums",
        summary="Read an album",
        answers={200: AlbumSerializer},
        codes=["not_found"],
    )
    def get(self, request: Request, album_id: UUID) -> Response:
        """Answer one album."""
        return Response(album_shown(request, album_for(request.user, album_id).pk))

    @endpoint(
        name="album_update",
        tag="albums",
        summary="Change an album",
        request=AlbumChange,
        answers={200: AlbumSerializer},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def patch(self, request: Request, album_id: UUID) -> Response:
        """Answer the album as it is now."""
        changes = checked(AlbumChange, request.data)
        album_update(person=request.user, album_id=album_id, **changes)
        return Response(album_shown(request, album_id))

    @endpoint(
        name="album_delete",
        tag="albums",
        summary="Delete an album; its photos stay",
        answers={204: OpenApiResponse(description="It is gone.")},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, album_id: UUID) -> Response:
        """Answer 204."""
        album_delete(person=request.user, album_id=album_id)
        return Response(status=204)


class AlbumImages(ApiView):
    """``POST`` and ``DELETE albums/{id}/images``; a version adds how it lists photos."""

    scopes = WRITES
    members = frozenset({"POST", "DELETE"})

    @endpoint(
        name="album_images_add",
        tag="albums",
        summary="Put photos at the end of an album",
        description="Photos that are in it already stay where they are.",
        request=ImagesBody,
        answers={200: AlbumSerializer},
        codes=["not_found", "forbidden", "album_full"],
        members=True,
        writes=True,
    )
    def post(self, request: Request, album_id: UUID) -> Response:
        """Answer the album with its new count."""
        wanted = checked(ImagesBody, request.data)["images"]
        album_add(person=request.user, album_id=album_id, image_ids=wanted)
        return Response(album_shown(request, album_id))

    @endpoint(
        name="album_images_remove",
        tag="albums",
        summary="Take photos out of an album",
        description="The body names them as for putting them in; those not in it do not matter.",
        request=ImagesBody,
        answers={200: AlbumSerializer},
        codes=["not_found", "forbidden"],
        members=True,
        writes=True,
    )
    def delete(self, request: Request, album_id: UUID) -> Response:
        """Answer the album with its new count."""
        wanted = checked(ImagesBody, request.data)["images"]
        album_remove(person=request.user, album_id=album_id, image_ids=wanted)
        return Response(album_shown(request, album_id))


def album_shown(request: Request, album_id: UUID) -> dict[str, Any]:
    """Return one album, which the caller has made sure may be seen."""
    album = albums_counted(request.user, Album.objects.filter(pk=album_id)).first()
    if album is None:
        raise NotFound(_("This album was removed meanwhile."))
    return AlbumSerializer(album).data
