"""Tells the type of an upload from its first bytes, never from its name."""

import re

from gallery.imaging import refusals
from gallery.imaging.refusals import gettext_noop

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}
_GENERIC_BRANDS = {b"mif1", b"msf1"}  # say "image", the compatible brands then say which

_OTHERS = (
    (b"%PDF-", gettext_noop("a PDF document")),
    (b"PK\x03\x04", gettext_noop("a zip archive")),
    (b"PK\x05\x06", gettext_noop("a zip archive")),
    (b"II*\x00", gettext_noop("a TIFF or raw file")),
    (b"MM\x00*", gettext_noop("a TIFF or raw file")),
    (b"BM", gettext_noop("a BMP file")),
    (b"8BPS", gettext_noop("a Photoshop file")),
    (b"\x00\x00\x01\x00", gettext_noop("an icon")),
    (b"\xff\x0a", gettext_noop("a JPEG XL file")),
    (b"\x00\x00\x00\x0cJXL ", gettext_noop("a JPEG XL file")),
    (b"\x00\x00\x00\x0cjP  ", gettext_noop("a JPEG 2000 file")),
    (b"\x7fELF", gettext_noop("a program")),
    (b"MZ", gettext_noop("a program")),
    (b"#!", gettext_noop("a script")),
    (b"\x1f\x8b", gettext_noop("a gzip archive")),
)

_MARKUP_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_SVG = re.compile(rb"<(?:\w+:)?svg[\s>]", re.IGNORECASE)
_MARKUP_BYTES = 4096


def sniff(data: bytes) -> str:
    """Return the format of `data`: jpeg, png, webp, gif, avif or heic.

    Raises `PhotoRefused` with code `not_a_photo` for anything else, naming the type where it is
    known.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _sniff_brands(data)
    raise _name_other(data)


def _sniff_brands(data: bytes) -> str:
    """Tell AVIF from HEIC, and both from films and raw files that share their container."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    major = data[8:12]
    brands = {major} | {data[at : at + 4] for at in range(16, end - 3, 4)}
    if major in _AVIF_BRANDS or (major in _GENERIC_BRANDS and brands & _AVIF_BRANDS):
        return "avif"
    if major in _HEIC_BRANDS or (major in _GENERIC_BRANDS and brands & _HEIC_BRANDS):
        return "heic"
    raise refusals.not_a_photo(gettext_noop("a film or another kind of media file"))


def _name_other(data: bytes) -> refusals.PhotoRefused:
    """Choose the sentence for a file that is none of the six formats."""
    head = data[:_MARKUP_BYTES]
    if _MARKUP_START.match(head):
        return (
            refusals.svg()
            if _SVG.search(head)
            else refusals.not_a_photo(gettext_noop("a web page"))
        )
    kind = next((name for start, name in _OTHERS if data.startswith(start)), "")
    return refusals.not_a_photo(kind)
