"""Bytes of a photo to normalized tensors: orientation, colour, size.

Every failure becomes one `PhotoError`.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from workers.pipeline.config import PreprocessConfig
from workers.pipeline.errors import PhotoError

MAX_PIXELS = 50_000_000
# Teaches Pillow to read HEIC, which phones write.
register_heif_opener()

UNREADABLE = "This file cannot be read as a picture."


def decode_photo(
    data: bytes, *, smallest_side: int = 0, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """Decode `data` to an upright RGB picture; raises `PhotoError` and nothing else for bad bytes.

    With `smallest_side` (pixels) a JPEG is decoded at the coarsest DCT scale that keeps both sides
    at least that long, which is several times faster for large photos.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns about large pictures and odd metadata; the cap below is the only judge of
            # size.
            warnings.simplefilter("ignore")
            return _decode(data, smallest_side, max_pixels)
    except (PhotoError, MemoryError):
        raise
    except Exception as error:
        # Pillow's decoders raise OSError, ValueError, SyntaxError, struct.error and more on hostile
        # bytes.
        raise PhotoError(UNREADABLE) from error


def _decode(data: bytes, smallest_side: int, max_pixels: int) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        if width * height > max_pixels:
            raise PhotoError(
                f"This picture has {width * height:,} pixels; at most {max_pixels:,} are allowed."
            )
        if smallest_side and picture.format == "JPEG":
            picture.draft("RGB", (smallest_side, smallest_side))
        return _rgb(_upright(picture))


def _upright(picture: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; metadata that cannot be read does not cost us the picture."""
    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:
        # Broken EXIF blocks raise as many kinds of error as broken pictures do.
        return picture


def _rgb(picture: Image.Image) -> Image.Image:
    """Flatten transparency onto white, as a viewer would show it.

    16-bit grey is scaled, not clipped.
    """
    if picture.mode.startswith("I"):
        levels = np.asarray(picture, dtype=np.float64)
        return Image.fromarray((levels / max(levels.max(), 255) * 255).astype(np.uint8)).convert(
            "RGB"
        )
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return picture.convert("RGB")


def square(picture: Image.Image, config: PreprocessConfig) -> Image.Image:
    """Bring an RGB picture to `config.size` squared pixels by squashing or a centre crop."""
    side = config.size
    if config.mode == "squash":
        return picture.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
    short = max(config.resize, side)
    scale = short / min(picture.size)
    width, height = (max(side, round(edge * scale)) for edge in picture.size)
    resized = picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    left, top = (width - side) // 2, (height - side) // 2
    return resized.crop((left, top, left + side, top + side))


def to_tensor(picture: Image.Image, config: PreprocessConfig) -> torch.Tensor:
    """RGB picture of the right size to a float32 tensor [3, size, size], normalized per channel."""
    pixels = (
        torch.from_numpy(np.array(picture, dtype=np.uint8)).permute(2, 0, 1).float().div_(255.0)
    )
    mean = torch.tensor(config.mean).view(3, 1, 1)
    std = torch.tensor(config.std).view(3, 1, 1)
    return pixels.sub_(mean).div_(std)


def preprocess(data: bytes, config: PreprocessConfig) -> torch.Tensor:
    """Bytes of a photo to the float32 tensor [3, size, size] an encoder takes.

    Raises `PhotoError`.
    """
    picture = decode_photo(data, smallest_side=max(config.size, config.resize))
    return to_tensor(square(picture, config), config)
