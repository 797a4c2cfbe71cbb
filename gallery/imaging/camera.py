"""Turns raw Exif entries into the few facts a photo page shows, and the orientation."""

import struct
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

from gallery.imaging.exif import Entry, Exif
from gallery.imaging.photo import ExifValue

_ORIENTATION = 0x0112
_MAX_TEXT = 80
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5


def orientation(exif: Exif) -> int:
    """Return the orientation, 1 to 8; 1 where it is absent or makes no sense."""
    value = _whole(exif, _ORIENTATION)
    return value if value in range(1, 9) else 1


def camera_facts(exif: Exif) -> dict[str, ExifValue]:
    """Return the camera facts that are known, by name.

    The names are camera_make, camera_model, lens, exposure, aperture, iso, focal_length, taken_at.
    `exposure` is seconds as text ("1/250"), `aperture` the f-number, `focal_length` millimetres,
    `taken_at` local time in ISO 8601. Nothing else leaves a photo's camera data.
    """
    facts = {name: read(exif, tag) for name, (tag, read) in _FACTS.items()}
    return {name: value for name, value in facts.items() if value}


def _text(exif: Exif, tag: int) -> str:
    entry = _entry(exif, tag, _ASCII)
    if entry is None:
        return ""
    text = entry.value.split(b"\x00")[0].decode("utf-8", "replace")
    return "".join(char for char in text if char.isprintable()).strip()[:_MAX_TEXT]


def _whole(exif: Exif, tag: int) -> int:
    entry = _entry(exif, tag, _SHORT, _LONG)
    if entry is None:
        return 0
    size, code = (2, "H") if entry.kind == _SHORT else (4, "I")
    return (
        int(struct.unpack(exif.order + code, entry.value[:size])[0])
        if len(entry.value) >= size
        else 0
    )


def _fraction(exif: Exif, tag: int) -> Fraction:
    entry = _entry(exif, tag, _RATIONAL)
    if entry is None or len(entry.value) < 8:
        return Fraction(0)
    above, below = struct.unpack(f"{exif.order}II", entry.value[:8])
    return Fraction(above, below) if below else Fraction(0)


def _decimal(exif: Exif, tag: int) -> float:
    return round(float(_fraction(exif, tag)), 2)


def _exposure(exif: Exif, tag: int) -> str:
    seconds = _fraction(exif, tag)
    if not seconds:
        return ""
    return f"1/{round(1 / seconds)}" if seconds <= Fraction(1, 3) else f"{float(seconds):.3g}"


def _moment(exif: Exif, tag: int) -> str:
    try:
        return datetime.strptime(_text(exif, tag), "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return ""


def _entry(exif: Exif, tag: int, *kinds: int) -> Entry | None:
    entry = exif.entries.get(tag)
    return entry if entry and entry.kind in kinds else None


_FACTS: dict[str, tuple[int, Callable[[Exif, int], ExifValue]]] = {
    "camera_make": (0x010F, _text),
    "camera_model": (0x0110, _text),
    "lens": (0xA434, _text),
    "exposure": (0x829A, _exposure),
    "aperture": (0x829D, _decimal),
    "iso": (0x8827, _whole),
    "focal_length": (0x920A, _decimal),
    "taken_at": (0x9003, _moment),
}
