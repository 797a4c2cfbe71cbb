"""A caption job: the row is the job, and its constraints keep every state honest."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image


class State(models.TextChoices):
    """Where a job stands; people see the same words."""

    QUEUED = "queued", _("Queued")
    CAPTIONING = "captioning", _("Captioning")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Strategy(models.TextChoices):
    """How the decoder chooses words."""

    BEAM = "beam", _("Beam search")
    NUCLEUS = "nucleus", _("Nucleus sampling")
    GREEDY = "greedy", _("Greedy")


class Language(models.TextChoices):
    """The language a caption is asked for in."""

    ENGLISH = "en", _("English")
    TURKISH = "tr", _("Turkish")


ACTIVE = (State.QUEUED, State.CAPTIONING)


class CaptionJob(models.Model):
    """One request to caption one image; written by ``gallery.services.jobs`` alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="jobs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    priority = models.SmallIntegerField(default=0, help_text=_("higher goes first"))
    strategy = models.CharField(max_length=8, choices=Strategy.choices, default=Strategy.BEAM)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    num = models.PositiveSmallIntegerField(default=3)
    seed = models.BigIntegerField(default=0)
    request_id = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_("of the HTTP request that asked, as in the log"),
    )

    attempts = models.PositiveSmallIntegerField(default=0)
    run_after = models.DateTimeField(null=True, blank=True, help_text=_("back-off"))
    worker = models.CharField(max_length=100, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    timings = models.JSONField(default=dict, blank=True, help_text=_("seconds by stage"))
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Constraints: a lease belongs to a running job, an end has a time, a failure a reason."""

        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(strategy__in=Strategy.values), name="job_strategy_known"
            ),
            models.CheckConstraint(
                condition=Q(language__in=Language.values), name="job_language_known"
            ),
            models.CheckConstraint(condition=Q(num__gte=1, num__lte=10), name="job_num_1_to_10"),
            models.CheckConstraint(condition=Q(seed__gte=0), name="job_seed_not_negative"),
            models.CheckConstraint(
                condition=(
                    Q(state="captioning", lease__isnull=False, lease_expires_at__isnull=False)
                    | (
                        ~Q(state="captioning")
                        & Q(lease__isnull=True, lease_expires_at__isnull=True)
                    )
                ),
                name="job_lease_while_captioning",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["done", "failed"], finished_at__isnull=False)
                    | Q(state__in=["queued", "captioning"], finished_at__isnull=True)
                ),
                name="job_end_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error_code=""), name="job_failure_has_reason"
            ),
            models.UniqueConstraint(
                fields=["image", "strategy", "language", "num"],
                condition=Q(state__in=["queued", "captioning"]),
                name="job_one_active_per_request",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "created_at"],
                condition=Q(state="queued"),
                name="job_waiting",
            ),
            models.Index(
                fields=["lease_expires_at"], condition=Q(state="captioning"), name="job_leased"
            ),
            models.Index(fields=["-created_at", "-id"], name="job_newest"),
            models.Index(fields=["finished_at"], name="job_ended"),
            models.Index(
                fields=["error_code", "finished_at"],
                condition=Q(state="failed"),
                name="job_failed",
            ),
        ]

    def __str__(self) -> str:
        """Return the state and the image."""
        return f"{self.state} {self.image_id}"
