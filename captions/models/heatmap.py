"""Word heat maps: what was asked for and what came of it; the row is the job."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from captions.models.caption import Caption
from captions.models.registry import CaptionModel


class HeatmapMethod(models.TextChoices):
    """How a heat map is worked out."""

    ATTENTION = "attention", _("Attention")
    GRAD_CAM = "grad-cam", _("Grad-CAM")


class HeatmapState(models.TextChoices):
    """Where a heat map stands."""

    WAITING = "waiting", _("Waiting")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class CaptionHeatmap(models.Model):
    """Where one version looked for each word of a caption; written by ``captions.heatmaps`` alone.

    ``payload`` is ``{"box": [l, t, r, b], "words": [{"text", "start", "end", "grid"}]}``.
    """

    caption = models.ForeignKey(Caption, on_delete=models.CASCADE, related_name="heatmaps")
    method = models.CharField(max_length=9, choices=HeatmapMethod.choices)
    model = models.ForeignKey(CaptionModel, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(
        max_length=7, choices=HeatmapState.choices, default=HeatmapState.WAITING
    )
    payload = models.JSONField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    asked_at = models.DateTimeField(help_text=_("when a worker was last woken for it"))

    class Meta:
        """One row per question, a payload when it is answered, a reason when it cannot be."""

        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["caption", "method", "model"], name="heatmap_once"),
            models.CheckConstraint(
                condition=Q(method__in=HeatmapMethod.values), name="heatmap_method_known"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="ready", payload__isnull=False, error_code="")
                    | (Q(state="failed", payload__isnull=True) & ~Q(error_code=""))
                    | Q(state="waiting", payload__isnull=True, error_code="")
                ),
                name="heatmap_state_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state="waiting"), name="heatmap_waiting")
        ]

    def __str__(self) -> str:
        """Return the state, the method and the caption."""
        return f"{self.state} {self.method} {self.caption_id}"
