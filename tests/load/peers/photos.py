"""Photographs nobody has sent before, cut out of a few real ones."""

import io
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.flows.site import ROOT

DEMO = ROOT / "gallery" / "demo"
CUT = 0.08  # at most this share of a side goes, so that the picture stays what it is


def photos_of(folder: Path | None) -> Iterator[bytes]:
    """Return ever new JPEGs: the photographs of ``folder`` in turn, each time cut differently."""
    files = sorted((folder or DEMO).glob("*.jp*g"))
    if not files:
        raise SystemExit(f"There are no JPEGs in {folder}.")
    dice = random.Random()
    for file in itertools.cycle(files):
        yield _cut(file, dice)


def _cut(file: Path, dice: random.Random) -> bytes:
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    width, height = picture.size
    left, right = (dice.randrange(int(width * CUT) + 1) for _side in range(2))
    top, bottom = (dice.randrange(int(height * CUT) + 1) for _side in range(2))
    encoded = io.BytesIO()
    picture.crop((left, top, width - right, height - bottom)).save(encoded, "JPEG", quality=88)
    return encoded.getvalue()
