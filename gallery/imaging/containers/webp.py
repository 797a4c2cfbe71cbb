"""Walks the chunks of a WebP file."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gallery.imaging import refusals
from gallery.imaging.containers.outline import Outline, strip_exif_header

_MAX_CHUNKS = 20_000
_CANVAS, _LOSSY, _LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes


def outline(data: bytes) -> Outline:
    """Read the outline of a WebP; raises `PhotoRefused` (photo_truncated, photo_damaged, bomb)."""
    end = 8 + int.from_bytes(data[4:8], "little")
    end += end & 1
    if end > len(data):
        raise refusals.photo_truncated()
    chunks = list(islice(_chunks(data, end), _MAX_CHUNKS + 1))
    if len(chunks) > _MAX_CHUNKS:
        raise refusals.bomb()
    width, height = _size(chunks[0]) if chunks else (0, 0)
    exif = next((one.body for one in chunks if one.kind == b"EXIF"), b"")
    return Outline(width, height, end, strip_exif_header(exif), data[:end])


def _chunks(data: bytes, end: int) -> Iterator[_Chunk]:
    at = 12
    while at + 8 <= end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise refusals.photo_damaged()
        yield _Chunk(data[at : at + 4], data[at + 8 : at + 8 + size])
        at += 8 + size + (size & 1)


def _size(first: _Chunk) -> tuple[int, int]:
    """Read the width and height out of the first chunk, whichever of its three kinds it is."""
    kind, body = first
    if kind == _CANVAS and len(body) >= 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == _LOSSY and len(body) >= 10:
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(
            body[8:10], "little"
        ) & 0x3FFF
    if kind == _LOSSLESS and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0
