"""The WebP copies: which widths there are, and that nothing but pixels is in them."""

from io import BytesIO

import pytest
from PIL import Image

from gallery.imaging import Derivative, Limits, Photo, derivatives, inspect_upload
from gallery.imaging.sizes import fit_width
from tests.gallery.imaging.photofiles import encoded, picture


def photo(width: int, height: int, mode: str = "RGB", image_format: str = "png") -> Photo:
    data = encoded(picture(width, height, mode), image_format)
    return inspect_upload(data, limits=Limits())


def opened(copy: Derivative) -> Image.Image:
    return Image.open(BytesIO(copy.data))


@pytest.mark.parametrize(
    ("width", "variants"),
    [
        (100, ["w100"]),
        (320, ["w320"]),
        (500, ["w320", "w500"]),
        (1280, ["w320", "w480", "w640", "w1280"]),
        (1600, ["w320", "w480", "w640", "w960", "w1600"]),
        (2047, ["w320", "w480", "w640", "w960", "w1280", "w2047"]),
        (2600, ["w320", "w480", "w640", "w960", "w1280", "w2048"]),
    ],
)
def test_widths_clearly_below_the_photos_and_its_own(width: int, variants: list[str]) -> None:
    assert [one.variant for one in derivatives(photo(width, 200))] == variants


def test_the_caller_may_choose_widths() -> None:
    assert [one.variant for one in derivatives(photo(300, 9), widths=(50, 900))] == ["w50", "w300"]


def test_copies_are_webp_of_the_promised_size_and_shape() -> None:
    for copy in derivatives(photo(1500, 1000)):
        image = opened(copy)
        assert image.format == "WEBP"
        assert image.size == (copy.width, copy.height)
        assert abs(copy.width / copy.height - 1.5) < 0.01


def test_copies_look_like_the_photo() -> None:
    for copy in derivatives(photo(1500, 1000)):
        red, green, _ = opened(copy).convert("RGB").getpixel((copy.width - 3, 3))  # type: ignore[misc]
        wanted = picture(copy.width, copy.height).getpixel((copy.width - 3, 3))
        assert abs(red - wanted[0]) < 24  # type: ignore[index]
        assert abs(green - wanted[1]) < 24  # type: ignore[index]


def test_copies_carry_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Canon"
    profile = b"\x00" * 128
    data = encoded(picture(700, 500), exif=exif.tobytes(), icc_profile=profile, comment=b"secret")
    for copy in derivatives(inspect_upload(data, limits=Limits())):
        assert {"exif", "icc_profile", "xmp"}.isdisjoint(opened(copy).info)
        assert not any(mark in copy.data for mark in (b"EXIF", b"ICCP", b"XMP ", b"secret"))


def test_see_through_stays_see_through() -> None:
    data = encoded(Image.new("RGBA", (400, 300), (10, 200, 30, 128)), "png")
    for copy in derivatives(inspect_upload(data, limits=Limits())):
        assert opened(copy).mode == "RGBA"
        assert opened(copy).getpixel((9, 9))[3] == 128  # type: ignore[index]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 20_000), (20_000, 1), (1500, 24_000)])
def test_extreme_shapes_stay_within_what_webp_can_hold(width: int, height: int) -> None:
    data = encoded(Image.new("L", (width, height), 128), "png")
    for copy in derivatives(inspect_upload(data, limits=Limits())):
        assert 1 <= copy.width <= 2048
        assert 1 <= copy.height <= 16_383
        assert opened(copy).size == (copy.width, copy.height)


@pytest.mark.parametrize(
    ("size", "width", "fitted"),
    [
        ((4000, 3000), 2048, (2048, 1536)),
        ((100, 50), 2048, (100, 50)),
        ((3000, 1), 320, (320, 1)),
        ((2000, 20_000), 2048, (1638, 16_380)),
        ((1, 60_000), 320, (1, 16_383)),
    ],
)
def test_fit_width(size: tuple[int, int], width: int, fitted: tuple[int, int]) -> None:
    assert fit_width(size, width) == fitted
