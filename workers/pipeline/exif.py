"""How a photo was taken, as numbers for an encoder: from EXIF, which may be missing or hostile."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image
from pillow_heif import register_heif_opener

register_heif_opener()

EXIF_IFD = 0x8769
# Tags of EXIF 2.32. Where a photo was taken is never read.
ORIENTATION, MODIFIED = 0x0112, 0x0132
EXPOSURE, APERTURE, SENSITIVITY, TAKEN = 0x829A, 0x829D, 0x8827, 0x9003
FLASH, FOCAL_LENGTH, FOCAL_LENGTH_35 = 0x9209, 0x920A, 0xA405

_CLOCK = re.compile(r"\d{4}\D\d{2}\D\d{2}\D(\d{2})\D(\d{2})")

Tags = Mapping[int, Any]
Fact = tuple[float, ...] | None


def read_exif(data: bytes) -> tuple[float, ...]:
    """The numbers of an encoded photo, `EXIF_SIZE` of them, all in [-1, 1]; never fails.

    In this order: exposure time, aperture, sensitivity, focal length (each a logarithm, scaled so
    that cameras stay within the range), whether the flash fired, the hour as sine and cosine of the
    day's circle, whether the camera was held upright on its side; then one flag per fact, 1 where
    the fact is missing and its numbers are 0.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tags = _tags(data)
    except Exception:
        # Broken blocks raise as many kinds of error as broken pictures do: nothing is known then.
        tags = {}
    return numbers_of(tags)


def numbers_of(tags: Tags) -> tuple[float, ...]:
    """The numbers of EXIF values by tag, as `read_exif` describes them."""
    values: list[float] = []
    missing: list[float] = []
    for size, read in _FACTS:
        fact = _guarded(read, tags)
        values += fact if fact is not None else (0.0,) * size
        missing.append(float(fact is None))
    return (*values, *missing)


def _tags(data: bytes) -> Tags:
    """The tags of both directories that matter; only the file's header is read."""
    with Image.open(io.BytesIO(data)) as picture:
        exif = picture.getexif()
        return {**exif, **exif.get_ifd(EXIF_IFD)}


def _guarded(read: Callable[[Tags], Fact], tags: Tags) -> Fact:
    """A fact, or None where its tag is absent or holds what no camera writes."""
    try:
        fact = read(tags)
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError):
        return None
    if fact is None or not all(math.isfinite(value) for value in fact):
        return None
    return tuple(min(1.0, max(-1.0, value)) for value in fact)


def _logarithm(tag: int, middle: float, octaves: float) -> Callable[[Tags], Fact]:
    """A positive number as its distance from `middle` in units of `octaves` doublings."""

    def read(tags: Tags) -> Fact:
        value = tags[tag]
        number = float(value[0] if isinstance(value, tuple) else value)
        return (math.log2(number / middle) / octaves,)

    return read


def _focal_length(tags: Tags) -> Fact:
    """As on 35 mm film when the file says so, else as it is."""
    tag = FOCAL_LENGTH_35 if tags.get(FOCAL_LENGTH_35) else FOCAL_LENGTH
    return _logarithm(tag, 50.0, 5.0)(tags)


def _flash(tags: Tags) -> Fact:
    return (float(int(tags[FLASH]) & 1),)


def _hour(tags: Tags) -> Fact:
    found = _CLOCK.match(str(tags.get(TAKEN) or tags.get(MODIFIED) or ""))
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2])
    if hour > 23 or minute > 59:
        return None
    angle = 2 * math.pi * (hour + minute / 60) / 24
    return (math.sin(angle), math.cos(angle))


def _on_its_side(tags: Tags) -> Fact:
    orientation = int(tags[ORIENTATION])
    return (float(orientation >= 5),) if 1 <= orientation <= 8 else None


# How many numbers each fact has, and what reads it.
_FACTS: tuple[tuple[int, Callable[[Tags], Fact]], ...] = (
    (1, _logarithm(EXPOSURE, 1 / 60, 10.0)),
    (1, _logarithm(APERTURE, 5.6, 3.0)),
    (1, _logarithm(SENSITIVITY, 400.0, 7.0)),
    (1, _focal_length),
    (1, _flash),
    (2, _hour),
    (1, _on_its_side),
)
EXIF_SIZE = sum(size for size, _ in _FACTS) + len(_FACTS)
NO_EXIF = (0.0,) * (EXIF_SIZE - len(_FACTS)) + (1.0,) * len(_FACTS)
