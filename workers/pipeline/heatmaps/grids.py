"""From image tokens back to places in the photo: which tokens form a grid, and what it covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from workers.pipeline.config import PreprocessConfig
from workers.pipeline.images import decode_photo
from workers.pipeline.network import CaptionNetwork

# Left, top, right, bottom as fractions of the upright photo.
Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class TokenGrid:
    """A token group that is a square grid in reading order.

    `group` counts the groups of all encoders; the grid is the last `side` squared tokens of its
    group and begins at image token `start`; it covers `box`.
    """

    group: int
    start: int
    side: int
    box: Box

    @property
    def count(self) -> int:
        """How many tokens it has."""
        return self.side**2

    def cut(self, weights: torch.Tensor) -> torch.Tensor:
        """Weights of all image tokens [S] to this grid's [side, side]."""
        return weights[self.start : self.start + self.count].view(self.side, self.side)


def token_grids(network: CaptionNetwork, boxes: Sequence[Box]) -> list[TokenGrid]:
    """The grids among the token groups, in the order in which the fuse step lays them end to end.

    `boxes` has one box per encoder. A group of n squared tokens is a grid; one of n squared + 1
    begins with a class token, which is left out; groups of other sizes, single tokens, and those of
    encoders that look at no pixels (their pictures are a pixel wide) have no places.
    """
    grids, start, number = [], 0, 0
    sides = [encoder.preprocess.size for encoder in network.config.encoders]
    for encoder, pixels, box in zip(network.vision_encoders(), sides, boxes, strict=True):
        for shape in encoder.outputs:
            side = math.isqrt(shape.count)
            extra = shape.count - side**2
            if 1 < side <= pixels and extra <= 1:
                grids.append(TokenGrid(number, start + extra, side, box))
            start, number = start + shape.count, number + 1
    return grids


def covered_boxes(photo: bytes, sizes: Sequence[PreprocessConfig]) -> list[Box]:
    """What each encoder sees of a photo: all of it when squashed, the centre when cropped."""
    if all(size.mode == "squash" for size in sizes):
        return [WHOLE] * len(sizes)
    smallest = max(max(size.size, size.resize) for size in sizes)
    picture = decode_photo(photo, smallest_side=smallest)
    return [_covered(picture.size, size) for size in sizes]


def _covered(photo: tuple[int, int], size: PreprocessConfig) -> Box:
    """The same arithmetic as `workers.pipeline.images.square`, in fractions."""
    if size.mode == "squash":
        return WHOLE
    scale = max(size.resize, size.size) / min(photo)
    width, height = (max(size.size, round(edge * scale)) for edge in photo)
    left, top = (width - size.size) // 2, (height - size.size) // 2
    right, bottom = left + size.size, top + size.size
    return (left / width, top / height, right / width, bottom / height)


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of them."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))


def lay_together(
    grids: Sequence[TokenGrid], parts: Sequence[torch.Tensor], box: Box
) -> torch.Tensor:
    """Maps of several grids, each [side, side], added up on one grid over `box`.

    The common grid has the side of the finest. Each map is interpolated bilinearly and keeps its
    sum, so no encoder counts for more because its grid is finer.
    """
    side = max(grid.side for grid in grids)
    total = torch.zeros(side, side)
    for grid, part in zip(grids, parts, strict=True):
        moved = part if (grid.side, grid.box) == (side, box) else _moved(part, grid.box, box, side)
        total += moved * (part.sum() / moved.sum().clamp_min(torch.finfo(moved.dtype).tiny))
    return total


def _moved(part: torch.Tensor, source: Box, target: Box, side: int) -> torch.Tensor:
    """Sample a map over `source` at the cell centres of a grid over `target`; outside is zero."""
    centres = (torch.arange(side) + 0.5) / side
    across = _place(centres, target[0], target[2], source[0], source[2])
    down = _place(centres, target[1], target[3], source[1], source[3])
    where = torch.stack(
        (across.expand(side, side), down[:, None].expand(side, side)), dim=-1
    )  # grid_sample wants x first, from -1 to 1
    inside = (where.abs() <= 1).all(dim=-1)
    sampled = functional.grid_sample(
        part[None, None], where[None], padding_mode="border", align_corners=False
    )
    return sampled[0, 0] * inside


def _place(
    centres: torch.Tensor, low: float, high: float, source_low: float, source_high: float
) -> torch.Tensor:
    photo = low + centres * (high - low)
    return (photo - source_low) / (source_high - source_low) * 2 - 1
