"""What a container says about itself before any pixel is decoded."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outline:
    """The shape of an image file.

    `width` and `height` are as stored, before orientation. `end` is the offset behind the last byte
    that belongs to the image. `exif` is the raw TIFF block or empty. `decodable` is the image
    alone, for the decoder: without camera data, comments and whatever follows the end, so that no
    decoder ever parses those.
    """

    width: int
    height: int
    end: int
    exif: bytes = field(repr=False)
    decodable: bytes = field(repr=False)


def strip_exif_header(block: bytes) -> bytes:
    """Return the TIFF block of an Exif payload, which may or may not start with that name."""
    return block.removeprefix(b"Exif\x00\x00")
