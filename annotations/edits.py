"""Finds published texts by their edit history: by who edited them, how, and from which caption."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from annotations.models import Annotation
from gallery.access import Person, images_listed


def annotations_edited(
    person: Person,
    *,
    edited_by: str = "",
    kind: str = "",
    caption: UUID | None = None,
    language: str = "",
) -> QuerySet[Annotation]:
    """Return the texts of the photos that ``person`` sees listed; one edit fits all that is asked.

    ``edited_by`` is a member's name, ``kind`` how a version came to be, ``caption`` the suggestion
    it was made from. Containment in ``history`` answers, by its index.
    """
    images = images_listed(person).order_by().values("pk")
    rows = Annotation.objects.filter(image__in=images).select_related("author")
    edit: dict[str, Any] = {}
    if edited_by:
        edit["author"] = _member(edited_by)
        if edit["author"] is None:
            return rows.none()
    if kind:
        edit["kind"] = kind
    if caption:
        edit["caption"] = str(caption)
    if edit:
        rows = rows.filter(history__contains=[edit])
    return rows.filter(language=language) if language else rows


def editors_of(rows: Iterable[Annotation]) -> dict[int, Any]:
    """Return the members who are named in the histories, by their keys; one query."""
    keys = {edit["author"] for row in rows for edit in row.history}
    return get_user_model()._default_manager.in_bulk(keys - {None})


def _member(name: str) -> int | None:
    people = get_user_model()._default_manager.filter(username=name)
    return people.values_list("pk", flat=True).first()
