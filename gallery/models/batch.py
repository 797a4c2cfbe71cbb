"""A batch: many photos sent at once, some of which may have been refused."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from gallery.models.image import Image
from gallery.models.job import CaptionJob


class Batch(models.Model):
    """What one request of many photos became; its state follows from its items' jobs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ["-created_at"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        """Return the start of the id."""
        return str(self.id)[:8]


class BatchItem(models.Model):
    """One photo of a batch: taken in, with its job, or refused, with the reason."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=255, blank=True)
    # A photo that is deleted later leaves its line, without photo or job.
    image = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL)
    job = models.ForeignKey(CaptionJob, null=True, on_delete=models.SET_NULL)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        """In the order in which they were sent; a refused photo has no job."""

        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="batch_position_once"),
            models.CheckConstraint(
                condition=Q(error_code="") | Q(image__isnull=True, job__isnull=True),
                name="batch_refused_has_no_job",
            ),
        ]

    def __str__(self) -> str:
        """Return batch and place."""
        return f"{self.batch_id} #{self.position}"
