"""Walks the boxes of an AVIF or HEIC file (ISO base media file format)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gallery.imaging import refusals
from gallery.imaging.containers.items import exif_block
from gallery.imaging.containers.outline import Outline

_MAX_BOXES = 10_000
_MAX_ITEMS = 1_000  # tiles and their like; a 48 megapixel phone photo has about 200
_USUAL = {b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid", b"mpvd"}
_KIND = re.compile(rb"[A-Za-z0-9 ]{4}")
_SIZE_PROPERTY = re.compile(rb"\x00\x00\x00\x14ispe.{4}(.{4})(.{4})", re.DOTALL)
_EXIF_ITEM = re.compile(rb"(infe[\x02\x03].{3}(?:.{4}|.{6}))Exif", re.DOTALL)


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


def outline(data: bytes) -> Outline:
    """Read the outline of an AVIF or HEIC.

    Raises `PhotoRefused` with code photo_truncated, photo_damaged or bomb.
    """
    boxes = list(_boxes(data))
    meta = next((one for one in boxes if one.kind == b"meta"), None)
    if meta is None:
        raise refusals.photo_damaged()
    end = boxes[-1].end
    head = data[meta.start : meta.end]
    if head.count(b"infe") > _MAX_ITEMS:
        raise refusals.bomb()
    width, height = _largest(head)
    # The decoders would parse the camera data too, without bounds: they are shown an item of no
    # known type instead.
    hidden = data[: meta.start] + _EXIF_ITEM.sub(rb"\1skip", head) + data[meta.end : end]
    return Outline(width, height, end, exif_block(data, head), hidden)


def box_end(data: bytes, at: int) -> int:
    """Return the offset behind the box at `at`, maybe past the end of `data`; 0 for no box."""
    size = int.from_bytes(data[at : at + 4], "big")
    if size == 1:
        size = int.from_bytes(data[at + 8 : at + 16], "big")
    elif size == 0:
        size = len(data) - at
    return at + size if size >= 8 and _KIND.fullmatch(data, at + 4, at + 8) else 0


def _boxes(data: bytes) -> Iterator[_Box]:
    """Yield the outermost boxes up to the first bytes that are none: data behind the image."""
    at = 0
    for _ in range(_MAX_BOXES):
        end = box_end(data, at)
        cut_off = end > len(data)
        if cut_off and data[at + 4 : at + 8] in _USUAL:
            raise refusals.photo_truncated()
        if cut_off or not end:
            return
        yield _Box(data[at + 4 : at + 8], at, end)
        at = end


def _largest(head: bytes) -> tuple[int, int]:
    """Return the largest size of any item: the photo, as its tiles and thumbnails are smaller."""
    sizes = [
        (int.from_bytes(w, "big"), int.from_bytes(h, "big"))
        for w, h in _SIZE_PROPERTY.findall(head)
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
