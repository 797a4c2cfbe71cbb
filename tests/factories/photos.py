"""Draws small photographs that differ from one another."""

import io
import random

from PIL import Image, ImageDraw


def photo_bytes(seed: int = 0, *, size: tuple[int, int] = (320, 240), kind: str = "JPEG") -> bytes:
    """Return an encoded picture of a few coloured shapes; another seed, other bytes."""
    draw_random = random.Random(seed)
    picture = Image.new("RGB", size, _colour(draw_random))
    pen = ImageDraw.Draw(picture)
    for _shape in range(6):
        left, top = draw_random.randrange(size[0]), draw_random.randrange(size[1])
        right = left + draw_random.randrange(10, size[0])
        bottom = top + draw_random.randrange(10, size[1])
        pen.ellipse((left, top, right, bottom), fill=_colour(draw_random))
    encoded = io.BytesIO()
    picture.save(encoded, kind, quality=88)
    return encoded.getvalue()


def _colour(draw_random: random.Random) -> tuple[int, int, int]:
    return (draw_random.randrange(256), draw_random.randrange(256), draw_random.randrange(256))
