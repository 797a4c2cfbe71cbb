"""The gallery's tables."""

from gallery.models.album import Album, AlbumItem
from gallery.models.batch import Batch, BatchItem
from gallery.models.demo import DemoStep
from gallery.models.image import Image
from gallery.models.job import CaptionJob

__all__ = ["Album", "AlbumItem", "Batch", "BatchItem", "CaptionJob", "DemoStep", "Image"]
