"""The registry: versions of captioners, what each serves, and what happened to them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gallery.models.job import Language


class Role(models.TextChoices):
    """What a version does for a language."""

    ACTIVE = "active", _("Active")
    CANDIDATE = "candidate", _("Candidate")


class ChosenBy(models.TextChoices):
    """Who gave a version its role: the configured directory, or a person."""

    DEFAULT = "default", _("Default")
    OPERATOR = "operator", _("Operator")


class Event(models.TextChoices):
    """What happened to a version in a language."""

    ACTIVATED = "activated", _("Activated")
    PROMOTED = "promoted", _("Promoted")
    ROLLED_BACK = "rolled_back", _("Rolled back to")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CANDIDATE = "candidate", _("Made candidate")
    CLEARED = "cleared", _("No longer candidate")


class CaptionModel(models.Model):
    """One version of a captioner: a name and the hash of its weights and configuration."""

    name = models.CharField(max_length=100)
    revision = models.CharField(max_length=64)
    directory = models.TextField(blank=True, help_text=_("where workers load it from"))
    languages = models.JSONField(default=list)
    levels = models.JSONField(default=list, blank=True)
    metrics = models.JSONField(default=dict, blank=True, help_text=_("by language"))
    card = models.TextField(blank=True)
    failure = models.TextField(blank=True, help_text=_("why it could not be loaded last"))
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A version is registered once."""

        constraints = [
            models.UniqueConstraint(fields=["name", "revision"], name="model_version_once"),
        ]

    def __str__(self) -> str:
        """Return name and revision, as shown beside a caption."""
        return f"{self.name} {self.revision}"


class ModelRole(models.Model):
    """What one version does for one language now; written by ``captions.registry`` alone."""

    language = models.CharField(max_length=2, choices=Language.choices)
    role = models.CharField(max_length=9, choices=Role.choices)
    model = models.ForeignKey(CaptionModel, on_delete=models.PROTECT, related_name="roles")
    share = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("percent of the photos that a candidate captions")
    )
    chosen_by = models.CharField(max_length=8, choices=ChosenBy.choices)
    since = models.DateTimeField()

    class Meta:
        """A language has one active version and at most one candidate, which is another one."""

        ordering = ["language", "role"]
        constraints = [
            models.UniqueConstraint(fields=["language", "role"], name="role_once_per_language"),
            models.UniqueConstraint(fields=["language", "model"], name="role_one_per_model"),
            models.CheckConstraint(
                condition=Q(language__in=Language.values), name="role_language_known"
            ),
            models.CheckConstraint(
                condition=Q(chosen_by__in=ChosenBy.values), name="role_chooser_known"
            ),
            models.CheckConstraint(
                condition=(
                    Q(role="active", share__isnull=True)
                    | Q(role="candidate", share__isnull=False, share__gte=1, share__lte=99)
                ),
                name="role_share_of_candidate",
            ),
        ]

    def __str__(self) -> str:
        """Return what it does and where: ``active en``, ``candidate tr 10 %``."""
        share = "" if self.share is None else f" {self.share} %"
        return f"{self.role} {self.language}{share}"


class ModelEvent(models.Model):
    """One line of the registry's log; a trigger in the database refuses to change it."""

    language = models.CharField(max_length=2, choices=Language.choices)
    event = models.CharField(max_length=11, choices=Event.choices)
    model = models.ForeignKey(CaptionModel, on_delete=models.PROTECT, related_name="events")
    previous = models.ForeignKey(
        CaptionModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by = models.CharField(max_length=150, help_text=_("a person's name, or worker"))
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The log is read newest first."""

        ordering = ["-pk"]
        indexes = [models.Index(fields=["language", "-id"], name="model_log_of_language")]

    def __str__(self) -> str:
        """Return the line's words."""
        return f"{self.language}: {self.event} {self.model}"
