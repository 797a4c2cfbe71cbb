"""Pictures of the failure page: thumbnails, and thumbnails with the heat map of one word on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from workers.pipeline.captioner import Captioner
from workers.pipeline.errors import PipelineError
from workers.pipeline.heatmaps import explain
from workers.pipeline.images import decode_photo
from workers.training.report.vocabulary import FUNCTION_WORDS

SIDE, MAP_SIDE = 320, 160
QUALITY = 80
WORDS = 6
HEAT = (220, 40, 20)


@dataclass(frozen=True)
class Pictures:
    """Paths of a photo's pictures, relative to the page, and why there are no maps, if so."""

    thumbnail: str
    maps: tuple[tuple[str, str], ...] = ()
    note: str = ""


def draw_pictures(
    captioner: Captioner, photo: bytes, text: str, language: str, folder: Path, name: str
) -> Pictures:
    """Write thumbnail and heat maps of the caption's content words below `folder`."""
    picture = decode_photo(photo, smallest_side=SIDE)
    picture.thumbnail((SIDE, SIDE))
    thumbnail = f"photos/{name}.jpg"
    _save(picture, folder / thumbnail)
    try:
        explained = explain(captioner, photo, text, language)
    except PipelineError as error:
        return Pictures(thumbnail, note=f"No heat maps: {error}")
    function = FUNCTION_WORDS[language]
    shown = [word for word in explained.words if word.text.lower() not in function][:WORDS]
    picture.thumbnail((MAP_SIDE, MAP_SIDE))
    maps = []
    for number, word in enumerate(shown):
        path = f"maps/{name}-{number}.jpg"
        _save(overlay(picture, word.grid, explained.box), folder / path)
        maps.append((word.text, path))
    return Pictures(thumbnail, tuple(maps))


def overlay(
    picture: Image.Image,
    grid: Sequence[Sequence[float]],
    box: tuple[float, float, float, float],
) -> Image.Image:
    """Lay a word's grid over an RGB picture as red haze, densest where the grid is largest.

    `box` says what the grid covers: left, top, right, bottom in fractions of the picture.
    """
    values = np.asarray(grid, dtype=np.float32)
    peak = float(values.max())
    levels = values / peak if peak > 0 else values
    left, right = (round(box[i] * picture.width) for i in (0, 2))
    top, bottom = (round(box[i] * picture.height) for i in (1, 3))
    small = Image.fromarray((levels * 190).astype(np.uint8), "L")
    size = (max(1, right - left), max(1, bottom - top))
    mask = Image.new("L", picture.size, 0)
    mask.paste(small.resize(size, Image.Resampling.BICUBIC), (left, top))
    return Image.composite(Image.new("RGB", picture.size, HEAT), picture, mask)


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "JPEG", quality=QUALITY)
