"""A moderation case: a caption that people voted down or reported, and what was decided."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from captions.models.caption import Caption


class CaseState(models.TextChoices):
    """Whether somebody still has to look."""

    OPEN = "open", _("Open")
    DECIDED = "decided", _("Decided")


class Decision(models.TextChoices):
    """What a moderator may decide."""

    APPROVE = "approve", _("Approve")
    HIDE = "hide", _("Hide")
    REPLACE = "replace", _("Replace")
    ASK = "ask", _("Ask again")
    BAN = "ban", _("Ban")


# What needs no more than a word, and so is open to programs as well.
DECIDED_BY_WORD = (Decision.APPROVE, Decision.HIDE, Decision.ASK)


class ModerationCase(models.Model):
    """One question to the moderators; written by ``captions.services.moderation`` alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caption = models.ForeignKey(Caption, on_delete=models.CASCADE, related_name="cases")
    state = models.CharField(max_length=8, choices=CaseState.choices, default=CaseState.OPEN)
    reason = models.CharField(max_length=40, help_text=_("which rule opened it"))
    opened_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(max_length=8, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decided_cases",
    )
    note = models.TextField(blank=True)

    class Meta:
        """At most one open case a caption; a decided case says what and when."""

        ordering = ["-opened_at"]
        indexes = [
            models.Index(
                fields=["opened_at", "-id"], condition=Q(state="open"), name="case_waits_longest"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["caption"], condition=Q(state="open"), name="case_one_open_a_caption"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decision="", decided_at__isnull=True)
                | Q(state="decided", decision__in=Decision.values, decided_at__isnull=False),
                name="case_decided_is_complete",
            ),
        ]

    def __str__(self) -> str:
        """Return state and caption."""
        return f"{self.state} {self.caption_id}"
