"""What a member thinks of a caption: one vote a person and caption."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from captions.models.caption import Caption


class Vote(models.Model):
    """Up or down, and perhaps a report; written by ``captions.services.votes`` alone."""

    caption = models.ForeignKey(Caption, on_delete=models.CASCADE, related_name="votes")
    voter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="votes"
    )
    value = models.SmallIntegerField(choices=[(1, _("Up")), (-1, _("Down"))])
    harmful = models.BooleanField(default=False, help_text=_("reported as harmful"))
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One vote a person; a report is a vote against."""

        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(fields=["caption", "voter"], name="vote_once_a_person"),
            models.CheckConstraint(condition=Q(value__in=[1, -1]), name="vote_up_or_down"),
            models.CheckConstraint(
                condition=Q(harmful=False) | Q(value=-1), name="vote_report_is_down"
            ),
        ]
        indexes = [models.Index(fields=["voter", "-updated_at"], name="vote_of_member")]

    def __str__(self) -> str:
        """Return the value and the caption."""
        return f"{self.value:+d} {self.caption_id}"
