"""Answers kept by Idempotency-Key."""

from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """One key of one identity: in flight while ``status`` is null, then its kept answer."""

    identity = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)

    class Meta:
        """One request a key; old ones are found by age."""

        constraints = [
            models.UniqueConstraint(fields=["identity", "key"], name="idempotency_key_once")
        ]
        indexes = [models.Index(fields=["claimed_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        """Return whose key it is, not the key, which may say what it was for."""
        return f"a key of {self.identity}"
