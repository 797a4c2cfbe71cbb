"""What a page shows before the photo is there: a blurred speck of it, and its dominant colour."""

import base64

from PIL import Image

from gallery.imaging.colour import flatten
from gallery.imaging.copies import encode
from gallery.imaging.photo import Photo
from gallery.imaging.sizes import fit_box

_SPECK_SIDE = 16
_SPECK_QUALITY = 30
_SAMPLE_SIDE = 48
_COLOURS = 6


def placeholder(photo: Photo) -> str:
    """Return a preview of at most 16 pixels a side as a data URL of at most 400 characters."""
    speck = _small(photo, _SPECK_SIDE)
    data = encode(speck, quality=_SPECK_QUALITY, method=6)
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")


def dominant_colour(photo: Photo) -> str:
    """Return the colour that covers most of the photo as "#rrggbb"; see-through counts as white."""
    sample = _small(photo, _SAMPLE_SIDE).quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    index = max(range(_COLOURS), key=sample.histogram().__getitem__)
    palette = sample.getpalette() or []
    return "#" + bytes(palette[3 * index : 3 * index + 3]).hex()


def _small(photo: Photo, side: int) -> Image.Image:
    size = fit_box(photo.pixels.size, side)
    return flatten(photo.pixels.resize(size, Image.Resampling.BOX, reducing_gap=2.0))
