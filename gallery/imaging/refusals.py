"""The one error of photo ingest: every reason a file is refused, with its plain sentence."""

import math

ALLOWED = "Use JPEG, PNG, WebP, GIF, AVIF or HEIC."


class PhotoRefused(Exception):
    """An upload that capsite does not take.

    `code` is stable and meant for programs, `message` is one or two plain sentences for people,
    `data` holds the numbers behind the sentence.
    """

    def __init__(self, code: str, message: str, data: dict[str, int | str] | None = None) -> None:
        """Keep the code, the sentence and its data."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data or {}


def file_empty() -> PhotoRefused:
    """Refuse a file of no bytes."""
    return PhotoRefused("file_empty", "This file is empty. Choose a photo to upload.")


def file_too_large(size: int, limit: int) -> PhotoRefused:
    """Refuse a file of `size` bytes where `limit` bytes are allowed."""
    message = f"This file is {_megabytes(size)} MB. The limit is {_megabytes(limit)} MB."
    return PhotoRefused("file_too_large", message, {"size": size, "limit": limit})


def too_many_pixels(width: int, height: int, limit: int) -> PhotoRefused:
    """Refuse a photo whose header promises more than `limit` pixels."""
    found, allowed = math.ceil(width * height / 1e6), f"{limit / 1e6:g}"
    message = f"This photo has {found:,} megapixels. The limit is {allowed} megapixels."
    return PhotoRefused(
        "too_many_pixels", message, {"width": width, "height": height, "limit": limit}
    )


def not_a_photo(kind: str = "") -> PhotoRefused:
    """Refuse a file of another type; `kind` names it ("a PDF document") where it is known."""
    said = (
        f"This file is {kind}, not a photo capsite can read."
        if kind
        else "This file is not a photo capsite can read."
    )
    return PhotoRefused("not_a_photo", f"{said} {ALLOWED}", {"kind": kind} if kind else {})


def svg() -> PhotoRefused:
    """Refuse a vector drawing."""
    return PhotoRefused(
        "not_a_photo", f"SVG is a drawing, not a photo. {ALLOWED}", {"kind": "an SVG drawing"}
    )


def photo_truncated() -> PhotoRefused:
    """Refuse a photo whose end is missing."""
    return PhotoRefused(
        "photo_truncated",
        "This photo is incomplete: its end is missing. Upload the whole file again.",
    )


def photo_damaged() -> PhotoRefused:
    """Refuse a photo that no decoder can read."""
    return PhotoRefused(
        "photo_damaged", "This photo is damaged and cannot be opened. Upload an intact copy."
    )


def trailing_data(kind: str = "") -> PhotoRefused:
    """Refuse a photo that carries another file behind its end; `kind` names it where known."""
    carried = kind or "other data"
    message = (
        f"This photo has {carried} attached to its end. Save the photo again and upload that copy."
    )
    return PhotoRefused("trailing_data", message, {"kind": carried})


def bomb() -> PhotoRefused:
    """Refuse a file that is small on disk and built to cost a reader much time or memory."""
    return PhotoRefused(
        "bomb",
        "This file is built to overload a photo reader. Save the photo again and upload that copy.",
    )


def _megabytes(size: int) -> str:
    """Write bytes as megabytes, rounded up so that a file over the limit never reads as at it."""
    return f"{math.ceil(size / 1024**2 * 10) / 10:g}"
