"""Who may see and do what with a photo; pages, APIs and sockets all ask here."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from capsite.common.errors import Forbidden, NotFound
from gallery.models import Image
from gallery.models.image import Visibility

Person = AbstractBaseUser | AnonymousUser


def images_listed(person: Person) -> QuerySet[Image]:
    """Return the photos the gallery lists for ``person``: public ones and their own."""
    listed = Q(visibility=Visibility.PUBLIC)
    if person.is_authenticated:
        listed |= Q(owner_id=person.pk)
    return Image.objects.filter(listed)


def may_see(person: Person, image: Image) -> bool:
    """Public and unlisted photos for all who have the address; private ones for their owner."""
    if image.visibility != Visibility.PRIVATE:
        return True
    return person.is_authenticated and (
        image.owner_id == person.pk or bool(getattr(person, "is_staff", False))
    )


def image_for(person: Person, image_id: UUID | str, within: QuerySet[Image] | None = None) -> Image:
    """Return the photo, or ``NotFound``: a private photo of another does not exist for you."""
    images = Image.objects.all() if within is None else within
    image = images.filter(pk=image_id).first()
    if image is None or not may_see(person, image):
        raise NotFound(_("There is no such photo, or it is private."))
    return image


def may_upload(person: Person) -> bool:
    """Members may; visitors may where the site allows it."""
    return person.is_authenticated or bool(settings.CAPSITE_ANONYMOUS_UPLOADS)


def require_upload(person: Person) -> None:
    """Refuse those who may not upload, saying what would help."""
    if not may_upload(person):
        raise Forbidden(_("Sign in to upload photos."), code="sign_in_required")


def may_retry(person: Person, image: Image) -> bool:
    """Whoever may upload may ask again for a caption of a photo they see."""
    return may_upload(person) and may_see(person, image)
