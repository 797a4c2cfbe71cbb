"""The placeholder a page shows before the photo."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from gallery.imaging import Limits, Photo, inspect_upload, placeholder
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
