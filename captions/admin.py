"""Captions and models in the administration pages, to look at."""

from django.contrib import admin

from captions.models import Caption, CaptionModel
from gallery.admin import ReadOnlyAdmin


@admin.register(Caption)
class CaptionAdmin(ReadOnlyAdmin):
    """Captions never change; moderation comes with its own pages."""

    list_display = ["text", "confidence", "strategy", "language", "origin", "created_at"]
    list_filter = ["origin", "strategy", "language", "created_at"]
    search_fields = ["text", "image__id"]


@admin.register(CaptionModel)
class CaptionModelAdmin(ReadOnlyAdmin):
    """Versions that workers have loaded."""

    list_display = ["name", "revision", "active", "created_at"]
