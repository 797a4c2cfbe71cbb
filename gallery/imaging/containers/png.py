"""Walks the chunks of a PNG file."""

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gallery.imaging import refusals
from gallery.imaging.containers.outline import Outline, strip_exif_header

_SIGNATURE_BYTES = 8
_NEEDED = {
    b"IHDR",
    b"PLTE",
    b"tRNS",
    b"iCCP",
    b"IDAT",
    b"IEND",
}  # also leaves out every frame but the first
_MAX_CHUNKS = 50_000
_MAX_INFLATED = 1024 * 1024  # compressed text and colour profile together


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int


def outline(data: bytes) -> Outline:
    """Read the outline of a PNG; raises `PhotoRefused` (photo_truncated, photo_damaged, bomb)."""
    chunks = list(islice(_chunks(data), _MAX_CHUNKS + 1))
    if len(chunks) > _MAX_CHUNKS:
        raise refusals.bomb()
    head = chunks[0]
    if head.kind != b"IHDR" or head.end - head.start != 25:
        raise refusals.photo_damaged()
    if not all(_is_intact(data, one) for one in chunks if one.kind in _NEEDED):
        raise refusals.photo_damaged()
    _check_inflation([_packed(one.kind, data[one.start + 8 : one.end - 4]) for one in chunks])
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    exif = next((data[one.start + 8 : one.end - 4] for one in chunks if one.kind == b"eXIf"), b"")
    needed = b"".join(data[one.start : one.end] for one in chunks if one.kind in _NEEDED)
    return Outline(
        width, height, chunks[-1].end, strip_exif_header(exif), data[:_SIGNATURE_BYTES] + needed
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    at = _SIGNATURE_BYTES
    while True:
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            raise refusals.photo_truncated()
        kind = data[at + 4 : at + 8]
        if not kind.isalpha():
            raise refusals.photo_damaged()
        yield _Chunk(kind, at, end)
        if kind == b"IEND":
            return
        at = end


def _is_intact(data: bytes, chunk: _Chunk) -> bool:
    """Tell whether the checksum fits; Pillow leaves that of the pixels unread."""
    body = memoryview(data)[chunk.start + 4 : chunk.end - 4]
    return zlib.crc32(body).to_bytes(4, "big") == data[chunk.end - 4 : chunk.end]


def _packed(kind: bytes, body: bytes) -> bytes:
    """Return the deflated part of a text or profile chunk, or nothing."""
    if kind in (b"zTXt", b"iCCP"):
        return body.partition(b"\x00")[2][1:]
    if kind == b"iTXt":
        flags, _, rest = body.partition(b"\x00")[2].partition(b"\x00")
        return rest.partition(b"\x00")[2].partition(b"\x00")[2] if flags[:1] == b"\x01" else b""
    return b""


def _check_inflation(packed: list[bytes]) -> None:
    """Refuse text that inflates past the limit, whether in one chunk or spread over many."""
    left = _MAX_INFLATED
    for body in filter(None, packed):
        try:
            left -= len(zlib.decompressobj().decompress(body, left + 1))
        except zlib.error:
            continue  # broken text is never read, so it does no harm
        if left < 0:
            raise refusals.bomb()
