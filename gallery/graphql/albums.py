"""Albums: what they hold, for whoever may see them."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from graphene import ID, UUID, Boolean, Field, Int, List, NonNull, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.graphql.people import Me, person_field
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loader
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import found_field, uuid_of
from capsite.common.graphql.paging import Ordering
from capsite.common.graphql.writes import Write
from gallery.access import album_for, albums_listed
from gallery.graphql import enums
from gallery.graphql.types import ImageConnection
from gallery.models import Album as AlbumRow
from gallery.models import AlbumItem
from gallery.models.image import Visibility
from gallery.services.albums import (
    album_add,
    album_create,
    album_delete,
    album_move,
    album_remove,
    album_update,
)


def _items(info: Any, **_filters: Any) -> QuerySet[AlbumItem]:
    """Return places of photos that the person may see, as ``gallery.selectors.album_images``."""
    person = info.context.person
    shown = ~Q(image__visibility=Visibility.PRIVATE)
    if person.is_authenticated:
        shown |= Q(image__owner_id=person.pk)
    return AlbumItem.objects.filter(shown).select_related("image")


_images = Listing(
    _items,
    order=Ordering((("position", int), ("id", int))),
    by="album_id",
    node=lambda item: item.image,
)


class Album(DjangoObjectType):
    """A member's photos in an order of their own."""

    uuid = UUID(required=True)
    owner = person_field("owner", "Whose it is.")
    visibility = enums.Visibility(required=True)
    image_count = Int(required=True, description="How many of its photos you may see.")
    images = _images.field(ImageConnection, description="Its photos that you may see, in order.")

    class Meta:
        """What is shown of the row."""

        model = AlbumRow
        name = "Album"
        fields = ("id", "title", "description", "created_at", "updated_at")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(album: AlbumRow, _info: Any) -> Any:
        """Return the bare id."""
        return album.pk

    @staticmethod
    async def resolve_image_count(album: AlbumRow, info: Any) -> int:
        """Count the photos, of every album at once."""

        def batch(keys: list[Any]) -> dict[Any, int]:
            rows = _items(info).filter(album_id__in=keys).order_by().values("album_id")
            return dict(rows.annotate(number=Count("pk")).values_list("album_id", "number"))

        return int(await loader(info, "album counts", batch, missing=0).load(album.pk))

    @classmethod
    def get_node(cls, info: Any, key: str) -> AlbumRow:
        """Return an album that the person may see."""
        return album_for(info.context.person, uuid_of(key, "Album"))


AlbumConnection = connection_of(Album)


@extends(Me)
class MyAlbums:
    """One's albums."""

    albums = Listing(lambda info: AlbumRow.objects.filter(owner_id=info.context.person.pk)).field(
        AlbumConnection, description="Your albums, the newest first."
    )


class Query:
    """Albums."""

    album = found_field(Album, "An album that you may see.")
    albums = Listing(lambda info: albums_listed(info.context.person)).field(
        AlbumConnection, description="Public albums and your own, the newest first."
    )


class AlbumCreate(Write):
    """Make an empty album."""

    album = Field(NonNull(Album))

    class Arguments:
        """What it is called."""

        title = String(required=True)
        description = String()
        visibility = enums.Visibility()

    @classmethod
    def write(cls, info: Any, **given: Any) -> dict[str, Any]:
        """Call the service."""
        return {"album": album_create(person=info.context.person, **given)}


class AlbumUpdate(Write):
    """Change what is given of one's album."""

    album = Field(NonNull(Album))

    class Arguments:
        """Which, and what changes."""

        id = ID(required=True)
        title = String()
        description = String()
        visibility = enums.Visibility()

    @classmethod
    def write(cls, info: Any, id: str, **given: Any) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(id, "Album")
        return {"album": album_update(person=info.context.person, album_id=key, **given)}


class AlbumDelete(Write):
    """Delete one's album; its photos stay."""

    ok = Boolean(required=True)

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        album_delete(person=info.context.person, album_id=uuid_of(id, "Album"))
        return {"ok": True}


class _Filling(Write):
    """Puts photos in, or takes them out."""

    album = Field(NonNull(Album))

    class Meta:
        """The two mutations below say which."""

        abstract = True

    class Arguments:
        """Which album and which photos."""

        id = ID(required=True)
        images = List(NonNull(ID), required=True)

    @staticmethod
    def named(info: Any, id: str, images: list[str]) -> dict[str, Any]:
        """Return what both services take."""
        keys = [uuid_of(each, "Image", "images") for each in images]
        return {
            "person": info.context.person,
            "album_id": uuid_of(id, "Album"),
            "image_ids": keys,
        }


class AlbumAdd(_Filling):
    """Put photos at the end of one's album."""

    @classmethod
    def write(cls, info: Any, **given: Any) -> dict[str, Any]:
        """Call the service."""
        return {"album": album_add(**cls.named(info, **given))}


class AlbumRemove(_Filling):
    """Take photos out of one's album."""

    @classmethod
    def write(cls, info: Any, **given: Any) -> dict[str, Any]:
        """Call the service."""
        return {"album": album_remove(**cls.named(info, **given))}


class AlbumMove(Write):
    """Put a photo of one's album right after another one of it, or first."""

    album = Field(NonNull(Album))

    class Arguments:
        """Which album, which photo, and where."""

        id = ID(required=True)
        image_id = ID(required=True)
        after = ID(description="The photo that it comes right after; first unless given.")

    @classmethod
    def write(cls, info: Any, id: str, image_id: str, after: str | None = None) -> dict[str, Any]:
        """Call the service."""
        album = album_move(
            person=info.context.person,
            album_id=uuid_of(id, "Album"),
            image_id=uuid_of(image_id, "Image", "image_id"),
            after=uuid_of(after, "Image", "after") if after is not None else None,
        )
        return {"album": album}


class Mutation:
    """What one does with albums."""

    album_create = AlbumCreate.Field()
    album_update = AlbumUpdate.Field()
    album_delete = AlbumDelete.Field()
    album_add = AlbumAdd.Field()
    album_remove = AlbumRemove.Field()
    album_move = AlbumMove.Field()
