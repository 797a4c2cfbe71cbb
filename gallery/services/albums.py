"""The only writer of albums and of what is in them."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError, NotFound
from capsite.common.texts import tidy_line, tidy_text
from gallery.access import Person, album_owned, may_see, require_member
from gallery.models import Album, AlbumItem, Image
from gallery.models.image import Visibility
from gallery.selectors import album_images
from gallery.services.images import visibility_checked

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 5_000
MOST_IMAGES = 10_000
ASIDE = 1_000_000_000  # further than any place: where places wait while others are given


def album_create(
    *,
    person: Person,
    title: str,
    description: str = "",
    visibility: str = Visibility.PRIVATE,
) -> Album:
    """Make an empty album that belongs to ``person``."""
    require_member(person)
    return Album.objects.create(
        owner_id=cast(int, person.pk),
        title=_title(title),
        description=_description(description),
        visibility=visibility_checked(visibility),
    )


@transaction.atomic
def album_update(
    *,
    person: Person,
    album_id: UUID,
    title: str | None = None,
    description: str | None = None,
    visibility: str | None = None,
) -> Album:
    """Change what is given and leave the rest."""
    album = _locked(person, album_id)
    changes: dict[str, Any] = {}
    if title is not None:
        changes["title"] = _title(title)
    if description is not None:
        changes["description"] = _description(description)
    if visibility is not None:
        changes["visibility"] = visibility_checked(visibility)
    for name, value in changes.items():
        setattr(album, name, value)
    album.save(update_fields=[*changes, "updated_at"])
    return album


def album_delete(*, person: Person, album_id: UUID) -> None:
    """Delete the album; its photos stay."""
    album_owned(person, album_id).delete()


@transaction.atomic
def album_add(*, person: Person, album_id: UUID, image_ids: Sequence[UUID]) -> Album:
    """Put photos that ``person`` sees at the end of the album; those already in it stay."""
    album = _locked(person, album_id)
    present = set(album.items.values_list("image_id", flat=True))
    wanted = [key for key in dict.fromkeys(image_ids) if key not in present]
    if len(present) + len(wanted) > MOST_IMAGES:
        message = _("An album holds at most %(most)d photos.") % {"most": MOST_IMAGES}
        raise CapsiteError("album_full", message, field="images")
    images = _seen(person, wanted)
    last = album.items.aggregate(last=Max("position"))["last"]
    start = 0 if last is None else last + 1
    AlbumItem.objects.bulk_create(
        AlbumItem(album=album, image=image, position=start + offset)
        for offset, image in enumerate(images)
    )
    album.save(update_fields=["updated_at"])
    return album


@transaction.atomic
def album_remove(*, person: Person, album_id: UUID, image_ids: Sequence[UUID]) -> Album:
    """Take photos out of the album; those not in it do not matter."""
    album = _locked(person, album_id)
    album.items.filter(image_id__in=list(image_ids)).delete()
    album.save(update_fields=["updated_at"])
    return album


@transaction.atomic
def album_move(
    *, person: Person, album_id: UUID, image_id: UUID, after: UUID | None = None
) -> Album:
    """Put a photo of the album right after another one of it, or at the front.

    Named by its neighbour and not by a number: of two moves at once both count.
    """
    album = _locked(person, album_id)
    places = dict(album.items.order_by().values_list("image_id", "position"))
    missing = next((key for key in (image_id, after) if key and key not in places), None)
    if missing is not None:
        raise NotFound(_("This album does not hold the photo %(id)s.") % {"id": missing})
    if after != image_id:
        _give_place(album, image_id, places[after] + 1 if after else 0)
        album.save(update_fields=["updated_at"])
    return album


@transaction.atomic
def album_shift(*, person: Person, album_id: UUID, image_id: UUID, by: int) -> Album:
    """Move a photo so many places on among those that ``person`` sees, or back (below 0)."""
    album = _locked(person, album_id)
    seen = list(album_images(person, album).values_list("pk", flat=True))
    if image_id not in seen:
        raise NotFound(_("This album does not hold the photo %(id)s.") % {"id": image_id})
    others = [key for key in seen if key != image_id]
    wanted = min(len(others), max(0, seen.index(image_id) + by))
    after = others[wanted - 1] if wanted else None
    return album_move(person=person, album_id=album_id, image_id=image_id, after=after)


def _give_place(album: Album, image_id: UUID, place: int) -> None:
    """Give a photo a place; it and all after it step aside first, for no two may share one."""
    after = album.items.filter(position__gte=place)
    after.update(position=F("position") + ASIDE)
    album.items.filter(image_id=image_id).update(position=place)
    moved = album.items.filter(position__gte=ASIDE)
    moved.update(position=F("position") - ASIDE + 1)


def _locked(person: Person, album_id: UUID) -> Album:
    """Return the album with its row locked: two additions at once get different places."""
    Album.objects.select_for_update().filter(pk=album_id).first()
    return album_owned(person, album_id)


def _seen(person: Person, image_ids: Sequence[UUID]) -> list[Image]:
    """Return these photos in this order, locked: none of them goes before it is in the album."""
    rows = Image.objects.filter(pk__in=image_ids).order_by("pk").select_for_update(no_key=True)
    found = {image.pk: image for image in rows if may_see(person, image)}
    missing = next((key for key in image_ids if key not in found), None)
    if missing is not None:
        raise NotFound(_("There is no such photo, or it is private: %(id)s.") % {"id": missing})
    return [found[key] for key in image_ids]


def _title(given: str) -> str:
    title = tidy_line(given)
    if not title or len(title) > TITLE_LENGTH:
        message = _("An album's title has 1 to %(most)d characters; this one has %(now)d.")
        named = {"most": TITLE_LENGTH, "now": len(title)}
        raise CapsiteError("invalid_length", message % named, field="title")
    return title


def _description(given: str) -> str:
    description = tidy_text(given)
    if len(description) > DESCRIPTION_LENGTH:
        message = _("A description has at most %(most)d characters; this one has %(now)d.")
        named = {"most": DESCRIPTION_LENGTH, "now": len(description)}
        raise CapsiteError("max_length", message % named, field="description")
    return description
