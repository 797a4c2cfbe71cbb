"""The values photo ingest takes and gives: limits, an inspected photo, a derivative."""

from dataclasses import dataclass, field

from PIL import Image

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 50_000_000

ExifValue = str | int | float


@dataclass(frozen=True, slots=True)
class Limits:
    """What one upload may cost: `max_bytes` on the wire, `max_pixels` (width x height) decoded."""

    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Photo:
    """An upload that was read in full and found good.

    `width` and `height` are those of the upload after its orientation is applied, `size` is in
    bytes. `pixels` is the first frame, upright, in sRGB, mode RGB or RGBA, and scaled down to the
    size of the largest derivative: everything capsite does with a photo starts there. `exif` holds
    allow-listed keys only.
    """

    sha256: str
    format: str
    size: int
    width: int
    height: int
    exif: dict[str, ExifValue] = field(compare=False)
    pixels: Image.Image = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Derivative:
    """One re-encoded copy: WebP without metadata, `variant` named after its width ("w640")."""

    variant: str
    data: bytes = field(repr=False)
    width: int
    height: int
