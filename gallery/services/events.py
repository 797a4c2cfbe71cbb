"""Tells open screens what happened to a photo, after commit, and only those who may see it."""

from typing import Any

from capsite.common.push import GALLERY_GROUP, image_group, push_on_commit, user_group
from gallery.models import Image
from gallery.models.image import Visibility


def audience(image: Image) -> list[str]:
    """Return the socket groups that may hear of ``image``.

    Every screen is in the gallery's group, so a public photo needs no other.
    """
    if image.visibility == Visibility.PUBLIC:
        return [GALLERY_GROUP]
    groups = [image_group(image.pk)]
    return [*groups, user_group(image.owner_id)] if image.owner_id else groups


def image_created_on_commit(image: Image) -> None:
    """Announce a new photo."""
    message = {"type": "image.created", "image": str(image.pk), "state": "queued"}
    push_on_commit(audience(image), message)


def image_changed_on_commit(
    image: Image,
    state: str,
    *,
    captions: list[dict[str, Any]] | None = None,
    error: dict[str, str] | None = None,
    language: str = "",
) -> None:
    """Announce a photo's new state, with the captions, and the language that was asked for."""
    message = {
        "type": "image.updated",
        "image": str(image.pk),
        "state": str(state),
        "captions": captions or [],
        "error": error,
        "language": language,
    }
    push_on_commit(audience(image), message)
