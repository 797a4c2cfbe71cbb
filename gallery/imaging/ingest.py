"""Takes an upload apart, cheap checks first: type, size, header, what is hidden, pixels."""

import hashlib

from gallery.imaging import refusals
from gallery.imaging.camera import camera_facts, orientation
from gallery.imaging.containers import Outline, read_outline
from gallery.imaging.decode import decode
from gallery.imaging.exif import read_exif
from gallery.imaging.photo import Limits, Photo
from gallery.imaging.sniff import sniff
from gallery.imaging.trailing import check_trailing


def inspect_upload(data: bytes, *, limits: Limits) -> Photo:
    """Read an uploaded file in full and return it as a `Photo`.

    Raises `PhotoRefused` with one of the codes file_empty, file_too_large, not_a_photo,
    photo_truncated, too_many_pixels, trailing_data, bomb, photo_damaged, and never anything else.
    Safe to call from many threads.
    """
    _check_bytes(data, limits.max_bytes)
    image_format = sniff(data)
    outline = read_outline(data, image_format)
    _check_pixels(outline, limits.max_pixels)
    check_trailing(data[outline.end :])
    exif = read_exif(outline.exif)
    decoded = decode(outline, image_format, orientation(exif), limits.max_pixels)
    return Photo(
        sha256=hashlib.sha256(data).hexdigest(),
        format=image_format,
        size=len(data),
        width=decoded.size[0],
        height=decoded.size[1],
        exif=camera_facts(exif),
        pixels=decoded.pixels,
    )


def _check_bytes(data: bytes, limit: int) -> None:
    if not data:
        raise refusals.file_empty()
    if len(data) > limit:
        raise refusals.file_too_large(len(data), limit)


def _check_pixels(outline: Outline, limit: int) -> None:
    """Judge the size the header promises, before a decoder sets memory aside for it."""
    if outline.width < 1 or outline.height < 1:
        raise refusals.photo_damaged()
    if outline.width * outline.height > limit:
        raise refusals.too_many_pixels(outline.width, outline.height, limit)
