"""The sentences people read when a file is refused, word for word where they hold numbers."""

import pytest

from gallery.imaging import Limits, PhotoRefused, inspect_upload
from gallery.imaging.refusals import file_too_large
from tests.badfiles import HTML, PDF, SVG
from tests.gallery.imaging.photofiles import film, good, resized, zip_bytes


def refusal(data: bytes, limits: Limits | None = None) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        inspect_upload(data, limits=limits or Limits())
    return caught.value


def test_too_large_names_both_sizes() -> None:
    refused = refusal(bytes(6_500_000))
    assert refused.message == "This file is 6.2 MB. The limit is 5 MB."
    assert refused.data == {"size": 6_500_000, "limit": 5 * 1024 * 1024}


def test_one_byte_too_many_does_not_read_as_equal_to_the_limit() -> None:
    limit = 5 * 1024 * 1024
    assert file_too_large(limit + 1, limit).message == "This file is 5.1 MB. The limit is 5 MB."


def test_too_many_pixels_names_both_counts() -> None:
    refused = refusal(resized("png", 60_000, 60_000))
    assert refused.message == "This photo has 3,600 megapixels. The limit is 50 megapixels."
    assert refused.data == {"width": 60_000, "height": 60_000, "limit": 50_000_000}


def test_an_unknown_type_is_told_what_is_allowed() -> None:
    assert refusal(b"hello").message == (
        "This file is not a photo capsite can read. Use JPEG, PNG, WebP, GIF, AVIF or HEIC."
    )


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (SVG, "SVG is a drawing, not a photo. Use JPEG"),
        (b"\xef\xbb\xbf  <svg width='1'>", "SVG is a drawing"),
        (HTML, "This file is a web page, not a photo"),
        (PDF, "This file is a PDF document, not a photo"),
        (zip_bytes(), "This file is a zip archive, not a photo"),
        (film(), "This file is a film or another kind of media file, not a photo"),
    ],
)
def test_a_known_type_is_named(data: bytes, start: str) -> None:
    assert refusal(data).message.startswith(start)


def test_what_hides_behind_a_photo_is_named() -> None:
    refused = refusal(good() + zip_bytes())
    assert refused.message.startswith("This photo has a zip archive attached to its end.")


def test_limits_are_the_callers() -> None:
    assert refusal(good(), Limits(max_bytes=10)).code == "file_too_large"
    assert refusal(good(), Limits(max_pixels=10)).code == "too_many_pixels"
