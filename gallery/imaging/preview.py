"""What a page shows before the photo is there: a blurred speck of it."""

import base64

from PIL import Image

from gallery.imaging.colour import flatten
from gallery.imaging.copies import encode
from gallery.imaging.photo import Photo
from gallery.imaging.sizes import fit_box

_SPECK_SIDE = 16
_SPECK_QUALITY = 30


def placeholder(photo: Photo) -> str:
    """Return a preview of at most 16 pixels a side as a data URL of at most 400 characters."""
    speck = _small(photo, _SPECK_SIDE)
    data = encode(speck, quality=_SPECK_QUALITY, method=6)
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")


def _small(photo: Photo, side: int) -> Image.Image:
    size = fit_box(photo.pixels.size, side)
    return flatten(photo.pixels.resize(size, Image.Resampling.BOX, reducing_gap=2.0))
