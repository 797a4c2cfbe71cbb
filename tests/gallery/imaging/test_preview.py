"""The placeholder and the dominant colour a page shows before the photo."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from gallery.imaging import Limits, Photo, dominant_colour, inspect_upload, placeholder
from tests.gallery.imaging.photofiles import encoded, noise, picture


def inspected(image: Image.Image, image_format: str = "png") -> Photo:
    return inspect_upload(encoded(image, image_format), limits=Limits())


def preview(photo: Photo) -> Image.Image:
    head, _, body = placeholder(photo).partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(BytesIO(base64.b64decode(body, validate=True)))


@pytest.mark.parametrize(
    ("size", "shown"), [((600, 400), (16, 11)), ((400, 800), (8, 16)), ((9000, 1), (16, 1))]
)
def test_placeholder_is_tiny_and_keeps_the_shape(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert preview(inspected(picture(*size))).size == shown


def test_placeholder_of_the_busiest_picture_is_short() -> None:
    busy = Image.frombytes("RGB", (16, 16), noise(768))
    assert len(placeholder(inspected(busy))) <= 400


@pytest.mark.parametrize("colour", ["#c81e1e", "#0a50b4", "#000000", "#ffffff"])
def test_a_picture_of_one_colour_has_that_colour(colour: str) -> None:
    found = dominant_colour(inspected(Image.new("RGB", (90, 60), colour)))
    assert found == colour


def test_the_larger_area_wins() -> None:
    image = Image.new("RGB", (100, 100), "#1e3cc8")
    image.paste("#ffd200", (0, 0, 100, 30))
    assert dominant_colour(inspected(image)) == "#1e3cc8"


def test_see_through_counts_as_white() -> None:
    assert dominant_colour(inspected(Image.new("RGBA", (50, 50), (0, 0, 0, 0)))) == "#ffffff"
