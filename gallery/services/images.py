"""Removes photos: rows first, in one transaction, then files once that has committed."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from capsite.common.push import push_on_commit
from gallery.models import Image
from gallery.services.events import audience
from gallery.services.files import files_delete


@transaction.atomic
def images_delete(images: Sequence[Image]) -> None:
    """Delete photos with their jobs, captions and files, and tell open screens."""
    for image in images:
        message = {"type": "image.removed", "image": str(image.pk)}
        push_on_commit(audience(image), message)
        transaction.on_commit(partial(files_delete, image.folder))
    Image.objects.filter(pk__in=[image.pk for image in images]).delete()
