"""Arithmetic of picture sizes: how far a photo is scaled down, and never up."""

MAX_WIDTH = 2048
MAX_SIDE = 16383  # of a WebP file

Size = tuple[int, int]


def fit_width(size: Size, width: int) -> Size:
    """Return `size` scaled down to `width`, or narrower where WebP's limit of height asks so."""
    own_width, own_height = size
    width = max(1, min(width, own_width, own_width * MAX_SIDE // own_height))
    return width, max(1, min(MAX_SIDE, round(own_height * width / own_width)))


def fit_box(size: Size, side: int) -> Size:
    """Return `size` scaled down so that its longer side is at most `side`; no side is below 1."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
