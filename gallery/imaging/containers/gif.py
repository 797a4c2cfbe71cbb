"""Walks the blocks of a GIF file."""

from gallery.imaging import refusals
from gallery.imaging.containers.outline import Outline

_SCREEN_BYTES = 13
_EXTENSION, _FRAME, _TRAILER, _PADDING = 0x21, 0x2C, 0x3B, 0x00


def outline(data: bytes) -> Outline:
    """Read the outline of a GIF, to be decoded only up to the end of its first frame.

    Raises `PhotoRefused` with code photo_truncated or photo_damaged.
    """
    if len(data) < _SCREEN_BYTES:
        raise refusals.photo_truncated()
    try:
        return _walk(data)
    except IndexError:  # a block or a table runs past the end of the file
        raise refusals.photo_truncated() from None


def _walk(data: bytes) -> Outline:
    width, height = _u16(data, 6), _u16(data, 8)
    first_frame_end = 0
    at = _SCREEN_BYTES + _table_bytes(data[10])
    while data[at] != _TRAILER:
        kind = data[at]
        if kind == _FRAME:
            if not first_frame_end:
                width, height = _with_frame(data, at, width, height)
            at = _skip_blocks(data, at + 11 + _table_bytes(data[at + 9]))
            first_frame_end = first_frame_end or at
        elif kind == _EXTENSION:
            at = _skip_blocks(data, at + 2)
        elif kind == _PADDING:
            at += 1
        else:
            raise refusals.photo_damaged()
    if not first_frame_end:
        raise refusals.photo_damaged()
    return Outline(width, height, at + 1, b"", data[:first_frame_end] + b";")


def _with_frame(data: bytes, at: int, width: int, height: int) -> tuple[int, int]:
    """Grow the screen to hold the frame at `at`, as decoders do."""
    right, bottom = _u16(data, at + 1) + _u16(data, at + 5), _u16(data, at + 3) + _u16(data, at + 7)
    return max(width, right), max(height, bottom)


def _skip_blocks(data: bytes, at: int) -> int:
    while size := data[at]:
        at += size + 1
    return at + 1


def _table_bytes(flags: int) -> int:
    """Return the size of the colour table that a packed flag byte announces."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8
