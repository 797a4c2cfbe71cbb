"""The one error of photo ingest: every reason a file is refused, with its plain sentence."""

import math

Named = dict[str, int | float | str]


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translators; whoever shows it to people translates it."""
    return sentence


class PhotoRefused(Exception):
    """An upload that capsite does not take.

    `code` is stable and meant for programs, `message` is one or two plain sentences for people,
    `data` holds the numbers behind the sentence. `sentence` and `named` are what the message was
    made of, for those who say it in another language.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        data: dict[str, int | str] | None = None,
        named: Named | None = None,
    ) -> None:
        """Keep the code, the sentence and its data."""
        self.code = code
        self.sentence = sentence
        self.named = named or {}
        self.message = sentence % {name: _written(value) for name, value in self.named.items()}
        self.data = data or {}
        super().__init__(self.message)


def file_empty() -> PhotoRefused:
    """Refuse a file of no bytes."""
    return PhotoRefused("file_empty", gettext_noop("This file is empty. Choose a photo to upload."))


def file_too_large(size: int, limit: int) -> PhotoRefused:
    """Refuse a file of `size` bytes where `limit` bytes are allowed."""
    sentence = gettext_noop("This file is %(size)s MB. The limit is %(limit)s MB.")
    named: Named = {"size": _megabytes(size), "limit": _megabytes(limit)}
    return PhotoRefused("file_too_large", sentence, {"size": size, "limit": limit}, named)


def too_many_pixels(width: int, height: int, limit: int) -> PhotoRefused:
    """Refuse a photo whose header promises more than `limit` pixels."""
    sentence = gettext_noop(
        "This photo has %(found)s megapixels. The limit is %(limit)s megapixels."
    )
    named: Named = {"found": math.ceil(width * height / 1e6), "limit": _whole(limit / 1e6)}
    data: dict[str, int | str] = {"width": width, "height": height, "limit": limit}
    return PhotoRefused("too_many_pixels", sentence, data, named)


def not_a_photo(kind: str = "") -> PhotoRefused:
    """Refuse a file of another type; `kind` names it ("a PDF document") where it is known."""
    if not kind:
        return PhotoRefused(
            "not_a_photo",
            gettext_noop(
                "This file is not a photo capsite can read. Use JPEG, PNG, WebP, GIF, AVIF or HEIC."
            ),
        )
    sentence = gettext_noop(
        "This file is %(kind)s, not a photo capsite can read. "
        "Use JPEG, PNG, WebP, GIF, AVIF or HEIC."
    )
    return PhotoRefused("not_a_photo", sentence, {"kind": kind}, {"kind": kind})


def svg() -> PhotoRefused:
    """Refuse a vector drawing."""
    sentence = gettext_noop(
        "SVG is a drawing, not a photo. Use JPEG, PNG, WebP, GIF, AVIF or HEIC."
    )
    return PhotoRefused("not_a_photo", sentence, {"kind": "an SVG drawing"})


def photo_truncated() -> PhotoRefused:
    """Refuse a photo whose end is missing."""
    return PhotoRefused(
        "photo_truncated",
        gettext_noop("This photo is incomplete: its end is missing. Upload the whole file again."),
    )


def photo_damaged() -> PhotoRefused:
    """Refuse a photo that no decoder can read."""
    return PhotoRefused(
        "photo_damaged",
        gettext_noop("This photo is damaged and cannot be opened. Upload an intact copy."),
    )


def trailing_data(kind: str = "") -> PhotoRefused:
    """Refuse a photo that carries another file behind its end; `kind` names it where known."""
    carried = kind or gettext_noop("other data")
    sentence = gettext_noop(
        "This photo has %(kind)s attached to its end. Save the photo again and upload that copy."
    )
    return PhotoRefused("trailing_data", sentence, {"kind": carried}, {"kind": carried})


def bomb() -> PhotoRefused:
    """Refuse a file that is small on disk and built to cost a reader much time or memory."""
    return PhotoRefused(
        "bomb",
        gettext_noop(
            "This file is built to overload a photo reader. "
            "Save the photo again and upload that copy."
        ),
    )


def _megabytes(size: int) -> int | float:
    """Return bytes as megabytes, rounded up so that a file over the limit never reads as at it."""
    return _whole(math.ceil(size / 1024**2 * 10) / 10)


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _written(value: int | float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"
