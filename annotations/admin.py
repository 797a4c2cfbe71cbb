"""Published texts and their versions in the administration pages: to look at, not to edit."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from annotations import caseadmin  # noqa: F401  (registers its pages)
from annotations.models import Annotation, Revision
from gallery.admin import ReadOnlyAdmin


class KeptAdmin(ReadOnlyAdmin):
    """Rows that go with their photo alone."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes them by hand."""
        return False


@admin.register(Annotation)
class AnnotationAdmin(KeptAdmin):
    """The published texts as they are now."""

    list_display = ["text", "language", "version", "author", "updated_at"]
    list_filter = ["language", "updated_at"]
    search_fields = ["text", "id", "image__id"]
    list_select_related = ["author"]


@admin.register(Revision)
class RevisionAdmin(KeptAdmin):
    """Every version there was."""

    list_display = ["annotation", "number", "text", "kind", "author", "created_at"]
    list_filter = ["kind", "created_at"]
    search_fields = ["text", "annotation__id", "author__username"]
    list_select_related = ["annotation", "author"]
