"""Photo ingest in pure Pillow, without Django: bytes in, an inspected photo and copies out."""

from gallery.imaging.copies import WIDTHS, derivatives
from gallery.imaging.ingest import inspect_upload
from gallery.imaging.photo import MAX_BYTES, MAX_PIXELS, Derivative, Limits, Photo
from gallery.imaging.preview import placeholder
from gallery.imaging.refusals import PhotoRefused

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "WIDTHS",
    "Derivative",
    "Limits",
    "Photo",
    "PhotoRefused",
    "derivatives",
    "inspect_upload",
    "placeholder",
]
