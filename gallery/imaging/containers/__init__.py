"""Reads image containers without decoding: size, end, camera data, the bytes to decode."""

from gallery.imaging.containers import bmff, gif, jpeg, png, webp
from gallery.imaging.containers.outline import Outline

_READERS = {
    "jpeg": jpeg.outline,
    "png": png.outline,
    "gif": gif.outline,
    "webp": webp.outline,
    "avif": bmff.outline,
    "heic": bmff.outline,
}


def read_outline(data: bytes, image_format: str) -> Outline:
    """Read the outline of `data`, a file of `image_format`.

    Raises `PhotoRefused` with code photo_truncated, photo_damaged or bomb.
    """
    return _READERS[image_format](data)


__all__ = ["Outline", "read_outline"]
