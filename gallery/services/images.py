"""Changes and removes photos: rows first, in one transaction, then files after the commit."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError, NotFound
from capsite.common.push import GALLERY_GROUP, image_group, push_on_commit
from capsite.common.texts import tidy_line
from gallery.access import Person, image_owned
from gallery.models import Image
from gallery.models.image import Visibility
from gallery.services.events import audience, image_created_on_commit
from gallery.services.files import files_delete_on_commit

TITLE_LENGTH = 255


@transaction.atomic
def image_update(
    *, person: Person, image_id: UUID, title: str | None = None, visibility: str | None = None
) -> Image:
    """Change a photo's title or who may see it; screens that may not see it any more drop it."""
    image = image_owned(person, image_id, Image.objects.select_for_update(no_key=True))
    before = image.visibility
    if title is not None:
        image.title = _title(title)
    if visibility is not None:
        image.visibility = visibility_checked(visibility)
    image.save(update_fields=["title", "visibility"])
    if before != image.visibility:
        _tell(image, before)
    return image


def image_delete(*, person: Person, image_id: UUID) -> None:
    """Delete one photo with everything that hangs on it; its owner and administrators may."""
    images_delete([image_owned(person, image_id)])


def image_hold(image_id: UUID) -> None:
    """Keep a photo from being deleted until this transaction ends; NotFound when it is gone.

    Whoever hangs something on a photo holds it first, so that a deletion sees all that hangs on it.
    """
    if not Image.objects.select_for_update(no_key=True).filter(pk=image_id).values_list("pk"):
        raise NotFound(_("This photo was removed meanwhile."))


@transaction.atomic
def images_delete(images: Sequence[Image]) -> None:
    """Delete photos with their jobs, captions and files, and tell open screens."""
    for image in images:
        message = {"type": "image.removed", "image": str(image.pk)}
        push_on_commit(audience(image), message)
        files_delete_on_commit(image.folder)
    rows = Image.objects.filter(pk__in=[image.pk for image in images])
    # Nothing new may hang on them from here on, or the database would refuse to delete them.
    list(rows.order_by("pk").select_for_update().values_list("pk"))
    rows.delete()


def visibility_checked(value: str) -> str:
    """Return one of the visibilities, or say which there are."""
    if value not in Visibility.values:
        message = _("'%(given)s' is no visibility. Choose one of: %(all)s.")
        named = {"given": value, "all": ", ".join(Visibility.values)}
        raise CapsiteError("invalid_choice", message % named, field="visibility")
    return value


def _title(given: str) -> str:
    title = tidy_line(given)
    if len(title) > TITLE_LENGTH:
        message = _("A title has at most %(most)d characters; this one has %(now)d.")
        named = {"most": TITLE_LENGTH, "now": len(title)}
        raise CapsiteError("max_length", message % named, field="title")
    return title


def _tell(image: Image, before: str) -> None:
    """Take the photo from the screens of strangers, or show it to them."""
    group = GALLERY_GROUP if before == Visibility.PUBLIC else image_group(image.pk)
    if before == Visibility.PUBLIC or image.visibility == Visibility.PRIVATE:
        push_on_commit([group], {"type": "image.removed", "image": str(image.pk)})
    if image.visibility == Visibility.PUBLIC:
        image_created_on_commit(image)
