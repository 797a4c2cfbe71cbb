"""What the album pages show: albums with covers, an album's photos, a photo's place in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from capsite.common.graphql.paging import Asked, Ordering, page
from gallery.access import Person, albums_listed
from gallery.cards import derivative_url
from gallery.models import Album, AlbumItem, Image
from gallery.models.image import Visibility
from gallery.selectors import PAGE_SIZE, album_images, albums_counted, with_words

NEWEST = Ordering((("-created_at", datetime), ("-id", UUID)))
IN_PLACE = Ordering((("place", int),))
ARRANGED = 90  # photos on a page where they are put in order
MOST_OFFERED = 50  # albums in the menu of a photo


@dataclass(frozen=True)
class AlbumCard:
    """One album of a list, with the first photo that its reader may see."""

    album: Any  # with image_count
    url: str
    cover: Image | None
    cover_url: str


@dataclass(frozen=True)
class Part:
    """Some rows of a list, and the cursor to go on with; empty at the end."""

    rows: list[Any]
    next_cursor: str


def albums_part(person: Person, *, mine: bool, cursor: str = "") -> Part:
    """Return albums with covers, the newest first; two queries."""
    albums = albums_listed(person)
    if mine:
        albums = albums.filter(owner_id=person.pk)
    found = page(_covered(person, albums), NEWEST, Asked(PAGE_SIZE, cursor, backwards=False))
    covers = Image.objects.in_bulk([album.cover_id for album in found.rows if album.cover_id])
    cards = [_card(album, covers.get(album.cover_id)) for album in found.rows]
    return Part(cards, found.cursors[-1] if found.has_next else "")


def album_part(person: Person, album: Album, cursor: str = "") -> Part:
    """Return photos of an album in its order; five queries."""
    images = with_words(album_images(person, album))
    found = page(images, IN_PLACE, Asked(PAGE_SIZE, cursor, backwards=False))
    return Part(found.rows, found.cursors[-1] if found.has_next else "")


def album_arranged(person: Person, album: Album, cursor: str = "") -> Part:
    """Return more photos of an album at once, for whoever puts them in order; five queries."""
    images = with_words(album_images(person, album))
    found = page(images, IN_PLACE, Asked(ARRANGED, cursor, backwards=False))
    return Part(found.rows, found.cursors[-1] if found.has_next else "")


def albums_offered(person: Person, image: Image) -> list[Any]:
    """Return a member's albums, the last used first, each with ``holds``: whether it has it."""
    if not person.is_authenticated:
        return []
    held = AlbumItem.objects.filter(album=OuterRef("pk"), image=image)
    albums = Album.objects.filter(owner_id=person.pk).annotate(holds=Exists(held))
    return list(albums.order_by("-holds", "-updated_at", "-id")[:MOST_OFFERED])


def _covered(person: Person, albums: QuerySet[Album]) -> QuerySet[Album]:
    seen = ~Q(image__visibility=Visibility.PRIVATE)
    if person.is_authenticated:
        seen |= Q(image__owner_id=person.pk)
    first = AlbumItem.objects.filter(seen, album=OuterRef("pk")).order_by("position")
    return albums_counted(person, albums).annotate(cover_id=Subquery(first.values("image_id")[:1]))


def _card(album: Album, cover: Image | None) -> AlbumCard:
    names = [variant["name"] for variant in cover.variants] if cover else []
    wanted = "w640" if "w640" in names else (names or [""])[-1]
    return AlbumCard(
        album=album,
        url=reverse("gallery:album", args=[album.pk]),
        cover=cover,
        cover_url=derivative_url(cover, wanted) if cover else "",
    )
