"""Who may see and do what with photos and albums; pages, APIs and sockets all ask here."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from capsite.common.errors import Forbidden, NotFound
from gallery.models import Album, Batch, CaptionJob, Image
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
        image.owner_id == person.pk or bool(getattr(person, "is_superuser", False))
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


def may_change(person: Person, owned: Image | Album) -> bool:
    """Owners may change what is theirs, administrators everything."""
    return _owns(person, owned.owner_id)


def require_member(person: Person) -> None:
    """Refuse visitors what only members do."""
    if not person.is_authenticated:
        raise Forbidden(_("Sign in to do this."), code="sign_in_required")


def image_owned(
    person: Person, image_id: UUID | str, within: QuerySet[Image] | None = None
) -> Image:
    """Return a photo that ``person`` may change: its owner and administrators may."""
    image = image_for(person, image_id, within)
    if not _owns(person, image.owner_id):
        raise Forbidden(_("Only the person who uploaded this photo may change it."))
    return image


def albums_listed(person: Person) -> QuerySet[Album]:
    """Return public albums and one's own."""
    listed = Q(visibility=Visibility.PUBLIC)
    if person.is_authenticated:
        listed |= Q(owner_id=person.pk)
    return Album.objects.filter(listed)


def album_for(person: Person, album_id: UUID | str) -> Album:
    """Return the album, or ``NotFound``: a private one of another does not exist for you."""
    album = Album.objects.filter(pk=album_id).select_related("owner").first()
    if album is None or not (
        album.visibility != Visibility.PRIVATE or _owns(person, album.owner_id)
    ):
        raise NotFound(_("There is no such album, or it is private."))
    return album


def album_owned(person: Person, album_id: UUID | str) -> Album:
    """Return an album that ``person`` may change."""
    album = album_for(person, album_id)
    if not _owns(person, album.owner_id):
        raise Forbidden(_("Only the person who made this album may change it."))
    return album


def jobs_listed(person: Person) -> QuerySet[CaptionJob]:
    """Return the jobs of the photos the gallery lists for ``person``, newest first."""
    images = images_listed(person).order_by().values("pk")
    return CaptionJob.objects.filter(image__in=images).order_by("-created_at", "-id")


def job_for(person: Person, job_id: UUID | str) -> CaptionJob:
    """Return the job, or ``NotFound`` as for its photo."""
    job = CaptionJob.objects.select_related("image").filter(pk=job_id).first()
    if job is None or not may_see(person, job.image):
        raise NotFound(_("There is no such job, or its photo is private."))
    return job


def batch_for(person: Person, batch_id: UUID | str) -> Batch:
    """Return the batch: a member's for its owner, a visitor's for whoever has its address."""
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None or not (batch.owner_id is None or _owns(person, batch.owner_id)):
        raise NotFound(_("There is no such batch."))
    return batch


def _owns(person: Person, owner_id: int | None) -> bool:
    if not person.is_authenticated:
        return False
    return owner_id == person.pk or bool(getattr(person, "is_superuser", False))
