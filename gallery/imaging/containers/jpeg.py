"""Walks the segments of a JPEG file."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from gallery.imaging import refusals
from gallery.imaging.containers.outline import Outline, strip_exif_header

# Restart marks and stuffed zeros belong to the pixels.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS, _TEM, _COM = 0xD8, 0xD9, 0xDA, 0x01, 0xFE
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APPLICATION = range(0xE0, 0xF0)
_NEEDED = (b"JFIF", b"ICC_PROFILE\x00", b"Adobe")  # the application segments that change colours
_EXIF = b"Exif\x00\x00"

_MAX_SEGMENTS = 10_000
_MAX_SCANS = 100  # a progressive photo has about ten; each one costs a pass over all pixels


class _Segment(NamedTuple):
    code: int
    start: int
    end: int


def outline(data: bytes) -> Outline:
    """Read the outline of a JPEG; raises `PhotoRefused` (photo_truncated, photo_damaged, bomb)."""
    segments = list(islice(_segments(data), _MAX_SEGMENTS + 1))
    if len(segments) > _MAX_SEGMENTS or sum(one.code == _SOS for one in segments) > _MAX_SCANS:
        raise refusals.bomb()
    frame = next((one for one in segments if one.code in _FRAMES), None)
    if frame is None:
        raise refusals.photo_damaged()
    height = int.from_bytes(data[frame.start + 5 : frame.start + 7], "big")
    width = int.from_bytes(data[frame.start + 7 : frame.start + 9], "big")
    decodable = b"".join(data[one.start : one.end] for one in segments if _is_needed(data, one))
    return Outline(width, height, segments[-1].end, _exif(data, segments), b"\xff\xd8" + decodable)


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield the segments up to and with the end marker; a scan includes its pixels."""
    at = 2
    while True:
        start = _next_marker(data, at)
        code = data[start + 1]
        at = start + 2 if code in (_SOI, _TEM, _EOI) else _segment_end(data, start)
        if code == _SOS:
            at = _next_marker(data, at)
        yield _Segment(code, start, at)
        if code == _EOI:
            return


def _next_marker(data: bytes, at: int) -> int:
    found = _MARKER.search(data, at)
    if found is None:
        raise refusals.photo_truncated()
    return found.start()


def _segment_end(data: bytes, start: int) -> int:
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    if start + 2 + max(length, 2) > len(data):
        raise refusals.photo_truncated()
    if length < 2:
        raise refusals.photo_damaged()
    return start + 2 + length


def _is_needed(data: bytes, segment: _Segment) -> bool:
    if segment.code == _COM:
        return False
    return segment.code not in _APPLICATION or data.startswith(_NEEDED, segment.start + 4)


def _exif(data: bytes, segments: list[_Segment]) -> bytes:
    """Return the first Exif block; further ones are nothing a camera writes."""
    for one in segments:
        if one.code == 0xE1 and data.startswith(_EXIF, one.start + 4):
            return strip_exif_header(data[one.start + 4 : one.end])
    return b""
