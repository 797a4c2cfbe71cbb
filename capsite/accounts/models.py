"""The person who signs in, the tokens for their programs, and the log of what concerns safety."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A member, moderator or administrator."""


class PersonalToken(models.Model):
    """A key for one person's programs; only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def alive(self) -> bool:
        """Whether the token still opens anything."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class AuditKind(models.TextChoices):
    """What the audit log tells of."""

    SIGNED_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILURES = "sign_in.failures", _("Sign-in failed repeatedly")
    PASSWORD_CHANGED = "password.changed", _("Password changed")
    EMAIL_CHANGED = "email.changed", _("E-mail address changed")
    FACTOR_ADDED = "factor.added", _("Second factor or passkey added")
    FACTOR_REMOVED = "factor.removed", _("Second factor or passkey removed")
    FACTOR_RENEWED = "factor.renewed", _("Recovery codes renewed")
    TOKEN_CREATED = "token.created", _("Token made")
    TOKEN_REVOKED = "token.revoked", _("Token revoked")
    ROLE_CHANGED = "role.changed", _("Role changed")
    PERSON_BANNED = "person.banned", _("Member banned")
    PERSON_RESTORED = "person.restored", _("Member let in again")
    PERSON_DELETED = "person.deleted", _("Account deleted")
    CASE_DECIDED = "case.decided", _("Moderation case decided")
    MODEL_SWITCHED = "model.switched", _("Captioner switched")


class AuditEvent(models.Model):
    """One line of the audit log; a trigger in the database refuses to change or remove it.

    People are kept as id and name, not as references: what they did outlives their account.
    """

    at = models.DateTimeField(_("when"), auto_now_add=True)
    kind = models.CharField(_("what"), max_length=20, choices=AuditKind.choices)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    subject_id = models.BigIntegerField(null=True)
    subject = models.CharField(_("whom"), max_length=150, blank=True)
    address = models.GenericIPAddressField(_("from"), null=True)
    facts = models.JSONField(_("details"), default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("audit event")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["kind", "-at"], name="audit_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind} {self.subject or self.actor}"
