"""Judges what follows the end of an image: phones append films, attackers append programs."""

from gallery.imaging import refusals
from gallery.imaging.containers import bmff, jpeg
from gallery.imaging.refusals import gettext_noop

_TOLERANCE = 4096  # bytes of padding or of a maker's own notes
_MAX_PICTURES = 16  # a multi-picture file holds a preview, a depth map, a gain map, the other eye
_MAX_BOXES = 1_000

_STARTS = (
    (b"PK\x03\x04", gettext_noop("a zip archive")),
    (b"PK\x05\x06", gettext_noop("a zip archive")),
    (b"Rar!", gettext_noop("an archive")),
    (b"7z\xbc\xaf", gettext_noop("an archive")),
    (b"\x1f\x8b", gettext_noop("an archive")),
    (b"\x7fELF", gettext_noop("a program")),
    (b"MZ", gettext_noop("a program")),
    (b"\xca\xfe\xba\xbe", gettext_noop("a program")),
    (b"#!", gettext_noop("a script")),
)
_ANYWHERE = (
    (b"<!doctype", gettext_noop("a web page")),
    (b"<html", gettext_noop("a web page")),
    (b"<svg", gettext_noop("a web page")),
    (b"<?php", gettext_noop("a script")),
    (b"<script", gettext_noop("a script")),
    (b"javascript:", gettext_noop("a script")),
    (b"%pdf-", gettext_noop("a PDF document")),
    (b"pk\x03\x04", gettext_noop("a zip archive")),
    (b"\x7felf", gettext_noop("a program")),
    (b"this program cannot be run", gettext_noop("a program")),
)


def check_trailing(tail: bytes) -> None:
    """Accept `tail`, the bytes behind an image, or raise `PhotoRefused` with code trailing_data.

    Accepted are padding, further JPEG pictures (MPO, gain maps), an MP4 film (motion photos),
    Samsung's own trailer, and a few unknown bytes. Files that something might open or run are
    refused at any size.
    """
    rest = _skip_film(_skip_pictures(tail)).strip(b"\x00")
    kind = _recognise(rest)
    if kind:
        raise refusals.trailing_data(kind)
    if len(rest) > _TOLERANCE and not rest.endswith(b"SEFT"):
        raise refusals.trailing_data()


def _skip_pictures(tail: bytes) -> bytes:
    for _ in range(_MAX_PICTURES):
        unpadded = tail.lstrip(b"\x00")
        if not unpadded.startswith(b"\xff\xd8\xff"):
            break
        try:
            tail = unpadded[jpeg.outline(unpadded).end :]
        except refusals.PhotoRefused:
            break  # a cut-off second picture is just bytes: the rules for unknown data apply
    return tail


def _skip_film(tail: bytes) -> bytes:
    """Drop an MP4 film, found by its file type box; Samsung writes a note before it."""
    start = tail.find(b"ftyp", 0, _TOLERANCE) - 4
    if start < 0:
        return tail
    at = start
    for _ in range(_MAX_BOXES):
        end = bmff.box_end(tail, at)
        if not at < end <= len(tail):
            break
        at = end
    return tail[:start] + tail[at:]


def _recognise(tail: bytes) -> str:
    """Name the kind of file in `tail` that a photo has no business carrying, or return nothing."""
    head = tail.lstrip()
    lowered = tail.lower()
    found = (name for start, name in _STARTS if head.startswith(start))
    hidden = (name for mark, name in _ANYWHERE if mark in lowered)
    return next(found, "") or next(hidden, "")
