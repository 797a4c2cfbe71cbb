"""An album: a member's photos in an order of their own."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from gallery.models.image import Image, Visibility


class Album(models.Model):
    """A named, ordered set of photos; written by ``gallery.services.albums`` alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="albums"
    )
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    images = models.ManyToManyField(Image, through="AlbumItem", related_name="albums")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """Newest first."""

        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="album_has_title"),
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="album_visibility_known"
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="album_newest")]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class AlbumItem(models.Model):
    """One photo's place in one album; places leave gaps when photos go."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="items")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="album_items")
    position = models.PositiveIntegerField()

    class Meta:
        """A photo is in an album once."""

        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["album", "image"], name="album_image_once"),
            models.UniqueConstraint(fields=["album", "position"], name="album_position_once"),
        ]

    def __str__(self) -> str:
        """Return album and photo."""
        return f"{self.album_id} #{self.position} {self.image_id}"
