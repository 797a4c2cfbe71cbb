"""The published text of a photo in a language, with every version it ever had."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from captions.models import Caption
from gallery.models import Image
from gallery.models.job import Language


class Annotation(models.Model):
    """What a screen reader gets: one text a photo and language, the newest revision's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="annotations")
    language = models.CharField(max_length=2, choices=Language.choices)
    # Copies of the newest revision, for lists and search; annotations.services writes both at once.
    version = models.PositiveIntegerField()
    text = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Who made which version, how and when: [{"number", "kind", "author", "caption", "reverted_to",
    # "at"}], the first one first. A trigger on Revision writes it (migration 0002); the words
    # themselves stand in the revisions alone.
    history = models.JSONField(default=list, db_default=[], editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One a photo and language."""

        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(fields=["image", "language"], name="annotation_once"),
            models.CheckConstraint(
                condition=Q(language__in=Language.values), name="annotation_language_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="annotation_has_text"),
        ]
        indexes = [
            GinIndex(fields=["text"], opclasses=["gin_trgm_ops"], name="annotation_text_trigrams"),
            GinIndex(fields=["history"], opclasses=["jsonb_path_ops"], name="annotation_history"),
            models.Index(fields=["-updated_at", "-id"], name="annotation_latest"),
        ]

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def as_message(self) -> dict[str, Any]:
        """Return what sockets tell of it."""
        return {
            "id": str(self.pk),
            "language": self.language,
            "version": self.version,
            "text": self.text,
            "author": self.author.get_username() if self.author else None,
        }


class Kind(models.TextChoices):
    """How a revision came to be."""

    WRITTEN = "written", _("Written")
    PROMOTED = "promoted", _("Promoted")
    REVERTED = "reverted", _("Reverted")


class Revision(models.Model):
    """One version of a published text; nothing changes or removes it."""

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="revisions"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    caption = models.ForeignKey(
        Caption,
        null=True,
        on_delete=models.SET_NULL,
        related_name="revisions",
        help_text=_("the suggestion it was made from"),
    )
    reverted_to = models.PositiveIntegerField(null=True, help_text=_("the version it restores"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Numbered from 1 without gaps."""

        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_1"),
            models.CheckConstraint(condition=~Q(text=""), name="revision_has_text"),
            models.CheckConstraint(
                condition=Q(kind="reverted", reverted_to__isnull=False)
                | (~Q(kind="reverted") & Q(reverted_to__isnull=True)),
                name="revision_revert_names_version",
            ),
        ]

    def __str__(self) -> str:
        """Return number and text."""
        return f"{self.number}: {self.text}"
