"""Small photographs nobody has sent before; needs neither Django nor Locust."""

import io
import random

from PIL import Image, ImageDraw


def drawn(seed: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """Return the JPEG of a few coloured shapes; another seed, another photo."""
    dice = random.Random(seed)
    picture = Image.new("RGB", size, _colour(dice))
    pen = ImageDraw.Draw(picture)
    for _shape in range(6):
        left, top = dice.randrange(size[0]), dice.randrange(size[1])
        right, bottom = left + dice.randrange(10, size[0]), top + dice.randrange(10, size[1])
        pen.ellipse((left, top, right, bottom), fill=_colour(dice))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=88)
    return encoded.getvalue()


def _colour(dice: random.Random) -> tuple[int, int, int]:
    return (dice.randrange(256), dice.randrange(256), dice.randrange(256))
