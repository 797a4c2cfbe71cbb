"""Decodes one image with Pillow: upright, in sRGB, at working size."""

import io
import struct
import zlib
from typing import NamedTuple

import pillow_heif
from PIL import Image

from gallery.imaging import refusals
from gallery.imaging.colour import to_srgb
from gallery.imaging.containers import Outline
from gallery.imaging.sizes import MAX_WIDTH, Size, fit_width

# Once per process, at import. Thumbnails and auxiliary pictures inside the file are nothing capsite
# shows.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

_PLUGINS = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "avif": "AVIF",
    "heic": "HEIF",
}
# The container says how to turn the pixels; camera data does not count.
_SELF_ORIENTED = ("avif", "heic")

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)
_ORIENTATION = 0x0112

# What Pillow and its codecs raise on bad input. OSError covers UnidentifiedImageError and
# truncation, ValueError covers Unicode errors, ArithmeticError divisions and overflows, LookupError
# keys and indices; a warning is raised only where the process turns warnings into errors.
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)


class Decoded(NamedTuple):
    """Upright pixels at working size, and the full size (width, height) of the upright photo."""

    pixels: Image.Image
    size: Size


def decode(outline: Outline, image_format: str, orientation: int, max_pixels: int) -> Decoded:
    """Decode the first frame of `outline`.

    The Exif `orientation` (1 to 8) counts where the format relies on it.

    Raises `PhotoRefused` with code photo_damaged, photo_truncated or too_many_pixels.
    """
    try:
        with Image.open(io.BytesIO(outline.decodable), formats=[_PLUGINS[image_format]]) as image:
            return _upright(image, image_format, orientation, max_pixels)
    except DECODER_ERRORS as error:
        if "truncated" in str(error):
            raise refusals.photo_truncated() from error
        raise refusals.photo_damaged() from error


def _upright(image: Image.Image, image_format: str, orientation: int, max_pixels: int) -> Decoded:
    if image.width * image.height > max_pixels:
        raise refusals.too_many_pixels(*image.size, max_pixels)
    if image_format in _SELF_ORIENTED:
        orientation = image.getexif().get(_ORIENTATION, 1) if image_format == "avif" else 1
    stored = image.size
    target = _working_size(stored, orientation)
    # A JPEG may come out at a half, a quarter or an eighth, never below the target.
    image.draft(None, target)
    image.load()
    pixels = _turn(_shrink(image, target), orientation)
    return Decoded(to_srgb(pixels), stored[::-1] if orientation in _SIDEWAYS else stored)


def _working_size(stored: Size, orientation: int) -> Size:
    """Return the stored size at which the upright photo is as large as its largest derivative."""
    if orientation in _SIDEWAYS:
        return fit_width(stored[::-1], MAX_WIDTH)[::-1]
    return fit_width(stored, MAX_WIDTH)


def _shrink(image: Image.Image, target: Size) -> Image.Image:
    """Scale down first: what follows then costs the same for every photo."""
    if image.size == target:
        return image
    profile = image.info.get("icc_profile")
    # Palette numbers are no colours to blend, and blending would destroy a see-through key.
    if image.mode in ("P", "PA", "1") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    smaller = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    smaller.info = {"icc_profile": profile} if profile else {}
    return smaller


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image.transpose(turn) if turn is not None else image
