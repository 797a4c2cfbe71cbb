"""Reads the few camera facts capsite keeps, and the orientation, out of a raw Exif block.

Pillow's reader loads every value of every directory, which a made-up block turns into gigabytes;
this one looks at the tags it knows and at nothing else. Position, serial numbers and names of
people are not among them.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gallery.imaging import refusals

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_EXIF_POINTER = 0x8769
_MAX_VALUE = 256  # bytes of a value that is read; the longest is a lens name
_MAX_DECLARED = 16 * 1024 * 1024  # more than any file capsite takes could hold
_MAX_ENTRIES = 4_000  # of all directories together; cameras write about a hundred


class Entry(NamedTuple):
    """One directory entry: its tag, its type, and its raw value in the byte order of the block."""

    tag: int
    kind: int
    value: bytes


class Exif(NamedTuple):
    """The entries of two directories, and the byte order ("<" or ">") of their values."""

    order: str
    entries: dict[int, Entry]


def read_exif(block: bytes) -> Exif:
    """Read a TIFF block, tolerating damage: what cannot be read is left out.

    Raises `PhotoRefused` with code bomb for directories that point at each other in a circle or
    hold thousands of entries, and for values that overlap or are so large that reading them all
    would cost far more than the block's own size.
    """
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(block[:4], "")
    if not order or len(block) < 8:
        return Exif("<", {})
    walk = _Walk(block, order)
    entries = {one.tag: one for one in walk.directories(_first_offset(block, order))}
    pointer = entries.get(_EXIF_POINTER)
    if pointer and len(pointer.value) >= 4:
        camera = walk.directories(struct.unpack(f"{order}I", pointer.value[:4])[0])
        entries = {one.tag: one for one in camera} | entries
    return Exif(order, entries)


def _first_offset(block: bytes, order: str) -> int:
    return int(struct.unpack(f"{order}I", block[4:8])[0])


class _Walk:
    """A way through the directories of a block, counting what they claim to hold."""

    def __init__(self, block: bytes, order: str) -> None:
        self._block, self._order = block, order
        self._seen: set[int] = set()
        self._declared = 0
        self._entries_left = _MAX_ENTRIES

    def directories(self, offset: int) -> Iterator[Entry]:
        """Yield the entries at `offset`; the chain behind them is only checked for circles."""
        yield from self._directory(offset)
        following = self._following(offset)
        while following:
            for _ in self._directory(following):
                pass
            following = self._following(following)

    def _directory(self, offset: int) -> Iterator[Entry]:
        if offset in self._seen:
            raise refusals.bomb()
        self._seen.add(offset)
        for index in range(self._count(offset)):
            at = offset + 2 + 12 * index
            if at + 12 > len(self._block):
                return
            self._entries_left -= 1
            if self._entries_left < 0:
                raise refusals.bomb()
            yield self._entry(at)

    def _entry(self, at: int) -> Entry:
        tag, kind, count = struct.unpack(f"{self._order}HHI", self._block[at : at + 8])
        size = _TYPE_BYTES.get(kind, 0) * count
        start = at + 8
        if size > 4:
            start = struct.unpack(f"{self._order}I", self._block[at + 8 : at + 12])[0]
            self._charge(start, size)
        return Entry(tag, kind, self._block[start : start + min(size, _MAX_VALUE)])

    def _charge(self, start: int, size: int) -> None:
        """Add up what a reader that trusts the block would copy; real values do not overlap."""
        self._declared += max(0, min(size, len(self._block) - start))
        if size > _MAX_DECLARED or self._declared > 4 * len(self._block) + 65536:
            raise refusals.bomb()

    def _count(self, offset: int) -> int:
        raw = self._block[offset : offset + 2]
        return int(struct.unpack(f"{self._order}H", raw)[0]) if len(raw) == 2 else 0

    def _following(self, offset: int) -> int:
        at = offset + 2 + 12 * self._count(offset)
        raw = self._block[at : at + 4]
        return int(struct.unpack(f"{self._order}I", raw)[0]) if len(raw) == 4 else 0
