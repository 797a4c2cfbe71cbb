"""Views of a training photo (flips and crops) and what a flip does to the words of its captions."""

from __future__ import annotations

import hashlib
import random
import re

from PIL import Image, ImageOps

# Area share of the smallest crop: enough variety, while what the captions mention usually stays in
# the picture.
SMALLEST_CROP = 0.6
MIRRORED = {"left": "right", "right": "left", "sol": "sağ", "sağ": "sol"}
_MIRRORED_WORD = re.compile(rf"\b({'|'.join(MIRRORED)})(?=\b|da\b|daki\b)", re.IGNORECASE)


def is_flipped(view: int) -> bool:
    """Odd views are mirrored."""
    return view % 2 == 1


def render_view(picture: Image.Image, view: int, sha256: str) -> Image.Image:
    """View 0 is the whole photo, 1 its mirror image, 2 and on crops fixed by its hash."""
    if view >= 2:
        picture = picture.crop(_crop_box(picture.size, view, sha256))
    return ImageOps.mirror(picture) if is_flipped(view) else picture


def mirror_caption(caption: str) -> str:
    """Swap left and right, as the mirrored photo does; the case of the first letter is kept."""
    return _MIRRORED_WORD.sub(_mirrored, caption)


def _mirrored(match: re.Match[str]) -> str:
    word = match.group(0)
    other = MIRRORED[word.lower()]
    return other.capitalize() if word[0].isupper() else other


def _crop_box(size: tuple[int, int], view: int, sha256: str) -> tuple[int, int, int, int]:
    chance = random.Random(hashlib.sha256(f"{sha256}:{view}".encode()).digest())
    area = chance.uniform(SMALLEST_CROP, 1.0)
    aspect = chance.uniform(0.85, 1.18)
    width = min(size[0], round(size[0] * (area * aspect) ** 0.5))
    height = min(size[1], round(size[1] * (area / aspect) ** 0.5))
    left = chance.randint(0, size[0] - width)
    top = chance.randint(0, size[1] - height)
    return left, top, left + width, top + height
