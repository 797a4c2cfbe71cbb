"""Finds the camera data of an AVIF or HEIC file: its item of type Exif."""

import re

from gallery.imaging.containers.outline import strip_exif_header

_SHORT_ID = re.compile(rb"infe\x02...(..)..Exif", re.DOTALL)
_LONG_ID = re.compile(rb"infe\x03...(....)..Exif", re.DOTALL)
_MAX_ITEMS = 2_000


class _Cursor:
    """Reads big-endian numbers one after the other; past the end they read as zero."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def number(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big")


def exif_block(data: bytes, head: bytes) -> bytes:
    """Return the TIFF block of the file `data` whose meta box is `head`, or nothing."""
    found = _SHORT_ID.search(head) or _LONG_ID.search(head)
    table = head.find(b"iloc")
    if found is None or table < 0:
        return b""
    start, size = _place(_Cursor(head, table + 4), int.from_bytes(found[1], "big"))
    payload = data[start : start + size]
    # The payload opens with the distance to the TIFF header, counted from behind those four bytes.
    return strip_exif_header(payload[4 + int.from_bytes(payload[:4], "big") :])


def _place(table: _Cursor, wanted: int) -> tuple[int, int]:
    """Return offset and length of the first extent of item `wanted`; zeros if it has none."""
    version = table.number(4) >> 24
    sizes = table.number(2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    id_bytes = 4 if version == 2 else 2
    for _ in range(min(table.number(id_bytes), _MAX_ITEMS)):
        item = table.number(id_bytes)
        table.number(4 if version else 2)  # construction method and data reference
        base = table.number(base_bytes)
        places = []
        for _ in range(min(table.number(2), _MAX_ITEMS)):
            table.number(index_bytes)
            places.append((base + table.number(offset_bytes), table.number(length_bytes)))
        if item == wanted and places:
            return places[0]
    return 0, 0
