"""The gallery's tables."""

from gallery.models.image import Image
from gallery.models.job import CaptionJob

__all__ = ["CaptionJob", "Image"]
