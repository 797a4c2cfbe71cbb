"""Captions, which never change once written."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from captions.models.registry import CaptionModel
from gallery.models import CaptionJob, Image
from gallery.models.job import Language, Strategy

LEVELS = (0.4, 0.7)  # where medium and high confidence begin, unless a model says otherwise


class Origin(models.TextChoices):
    """Who wrote a caption."""

    MODEL = "model", _("Model")
    PERSON = "person", _("Person")


class ShownCaptions(models.Manager["Caption"]):
    """Captions that no moderator has hidden: what every page, API and socket reads."""

    def get_queryset(self) -> models.QuerySet["Caption"]:
        """Leave out hidden captions."""
        return super().get_queryset().filter(hidden_at__isnull=True)


class Caption(models.Model):
    """One text for one image; a trigger in the database refuses to change it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="captions")
    job = models.ForeignKey(
        CaptionJob, null=True, on_delete=models.SET_NULL, related_name="captions"
    )
    model = models.ForeignKey(CaptionModel, null=True, on_delete=models.PROTECT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    origin = models.CharField(max_length=6, choices=Origin.choices)
    text = models.TextField()
    language = models.CharField(max_length=2, choices=Language.choices)
    strategy = models.CharField(max_length=8, choices=Strategy.choices, blank=True)
    rank = models.PositiveSmallIntegerField(default=0)
    log_probability = models.FloatField(null=True, help_text=_("mean over the tokens, nats"))
    confidence = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Written by services/votes.py and services/moderation.py; the text above never changes.
    up_votes = models.PositiveIntegerField(default=0)
    down_votes = models.PositiveIntegerField(default=0)
    hidden_at = models.DateTimeField(null=True, blank=True, help_text=_("by a moderator"))

    objects = ShownCaptions()
    everything: models.Manager["Caption"] = models.Manager()

    class Meta:
        """A model's caption has its model, its score and one place in its job."""

        # Hidden captions hide from related managers too, so that no reader has to think of them.
        default_manager_name = "objects"
        base_manager_name = "everything"
        ordering = ["-confidence", "rank", "created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="caption_has_text"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="caption_confidence_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(log_probability__isnull=True) | Q(log_probability__lte=0),
                name="caption_log_probability_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    origin="model",
                    model__isnull=False,
                    confidence__isnull=False,
                    log_probability__isnull=False,
                    strategy__in=Strategy.values,
                )
                | Q(origin="person", model__isnull=True, confidence__isnull=True),
                name="caption_origin_complete",
            ),
            models.UniqueConstraint(fields=["job", "rank"], name="caption_rank_once_per_job"),
        ]
        indexes = [
            models.Index(fields=["image", "-confidence"], name="caption_of_image"),
            models.Index(fields=["-created_at", "-id"], name="caption_newest"),
            # Where few captions are in a language, or of a strategy, the newest of them.
            models.Index(fields=["language", "-created_at", "-id"], name="caption_newest_in"),
            models.Index(fields=["strategy", "-created_at", "-id"], name="caption_newest_of"),
            GinIndex(fields=["text"], opclasses=["gin_trgm_ops"], name="caption_text_trigrams"),
        ]

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    @property
    def level(self) -> str:
        """``low``, ``medium`` or ``high``; empty for a person's caption."""
        if self.confidence is None:
            return ""
        medium, high = (self.model and self.model.levels) or LEVELS
        if self.confidence >= high:
            return "high"
        return "medium" if self.confidence >= medium else "low"

    def as_message(self) -> dict[str, Any]:
        """Return what sockets and the upload tray show; programs get the REST serializer's."""
        return {
            "id": str(self.pk),
            "text": self.text,
            "confidence": self.confidence,
            "level": self.level,
            "strategy": self.strategy,
            "language": self.language,
            "rank": self.rank,
            "model": str(self.model) if self.model else "",
            "votes": {"up": self.up_votes, "down": self.down_votes},
        }
