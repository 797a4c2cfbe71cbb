"""Reads published texts and their versions."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotations.models import Annotation, Revision
from capsite.common.errors import NotFound
from gallery.access import Person, image_for, may_see
from gallery.models import Image


def annotations_of(person: Person, image_id: UUID) -> QuerySet[Annotation]:
    """Return the published texts of a photo that ``person`` sees, one a language."""
    image: Image = image_for(person, image_id)
    return image.annotations.select_related("author")


def annotation_for(person: Person, annotation_id: UUID | str) -> Annotation:
    """Return the published text, or ``NotFound`` as for its photo."""
    rows = Annotation.objects.select_related("image", "author")
    annotation = rows.filter(pk=annotation_id).first()
    if annotation is None or not may_see(person, annotation.image):
        raise NotFound(_("There is no such text, or its photo is private."))
    return annotation


def revisions_of(annotation: Annotation) -> QuerySet[Revision]:
    """Return every version, the newest first."""
    return annotation.revisions.select_related("author").order_by("-number")
