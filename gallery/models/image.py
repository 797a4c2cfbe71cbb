"""A photograph: what was uploaded, and what a page needs to show it without loading it."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

FORMATS = ("jpeg", "png", "webp", "gif", "avif", "heic")


class Visibility(models.TextChoices):
    """Who may see a photo."""

    PUBLIC = "public", _("Public")
    UNLISTED = "unlisted", _("Unlisted")
    PRIVATE = "private", _("Private")


class Image(models.Model):
    """One photograph; the files lie in storage under ``folder``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE
    )
    sha256 = models.CharField(max_length=64)
    title = models.CharField(max_length=255, blank=True)
    credit = models.JSONField(default=dict, blank=True)  # author, licence, source of a demo photo
    format = models.CharField(max_length=8)
    size = models.PositiveIntegerField(help_text=_("bytes"))
    width = models.PositiveIntegerField(help_text=_("pixels, upright"))
    height = models.PositiveIntegerField(help_text=_("pixels, upright"))
    exif = models.JSONField(default=dict, blank=True)
    placeholder = models.TextField(blank=True, help_text=_("a tiny preview as a data: URI"))
    variants = models.JSONField(default=list)  # [{"name": "w640", "width": 640, "height": 427}]
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first; every fact that must hold is held by PostgreSQL."""

        ordering = ["-created_at", "-id"]
        constraints = [
            # Also for visitors, who have no owner: their bytes are one photo.
            models.UniqueConstraint(
                fields=["sha256", "owner"], nulls_distinct=False, name="image_once_per_owner"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="image_sha256_is_hex"
            ),
            models.CheckConstraint(condition=Q(format__in=FORMATS), name="image_format_known"),
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="image_visibility_known"
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0, width__gt=0, height__gt=0), name="image_has_extent"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(visibility=Visibility.PUBLIC),
                name="image_public_feed",
            ),
            # What members see: public photos and their own.
            models.Index(fields=["-created_at", "-id"], name="image_feed"),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="image_title_trigrams"),
        ]

    def __str__(self) -> str:
        """Return the title, or the start of the id."""
        return self.title or str(self.id)[:8]

    @property
    def folder(self) -> str:
        """The storage folder that holds the original and every derivative."""
        return f"photos/{self.id.hex[:2]}/{self.id}"

    @property
    def original(self) -> str:
        """The storage name of the bytes as they were uploaded."""
        return f"{self.folder}/original.{self.format}"

    def derivative(self, variant: str) -> str:
        """Return the storage name of a derivative such as ``w640``."""
        return f"{self.folder}/{variant}.webp"

    @property
    def latest_job(self) -> Any:
        """The newest job; read from the prefetched jobs when there are any."""
        return max(self.jobs.all(), key=lambda job: job.created_at, default=None)
