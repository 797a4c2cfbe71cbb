"""What inspection finds in good photos: type, size, orientation, colours, camera facts."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image, ImageCms, ImageOps

from gallery.imaging import Limits, Photo, inspect_upload
from gallery.imaging.colour import flatten
from tests.gallery.imaging.photofiles import FORMATS, encoded, good, picture, rotated


def inspected(data: bytes) -> Photo:
    return inspect_upload(data, limits=Limits())


def near(found: object, wanted: tuple[int, ...], tolerance: int = 12) -> bool:
    assert isinstance(found, tuple)
    return len(found) == len(wanted) and all(
        abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_format_is_recognised_by_its_bytes(image_format: str) -> None:
    data = good(image_format)
    photo = inspected(data)
    assert photo.format == image_format
    assert (photo.width, photo.height) == (96, 64)
    assert photo.size == len(data)
    assert photo.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("image_format", FORMATS)
def test_colours_survive(image_format: str) -> None:
    pixels = inspected(good(image_format)).pixels
    for spot in ((4, 4), (90, 4), (4, 60), (90, 60)):
        assert near(pixels.getpixel(spot), picture().getpixel(spot), 32)  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_jpeg_is_turned_upright(orientation: int) -> None:
    data = rotated(orientation)
    photo = inspected(data)
    wanted = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    assert (photo.width, photo.height) == photo.pixels.size == wanted.size
    assert photo.pixels.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("image_format", ["png", "webp", "avif", "heic"])
def test_other_formats_are_turned_upright_once(image_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = inspected(encoded(picture(), image_format, exif=exif.tobytes()))
    assert (photo.width, photo.height) == (64, 96)
    upright = picture().transpose(Image.Transpose.ROTATE_270)
    assert near(photo.pixels.getpixel((60, 4)), upright.getpixel((60, 4)), 32)  # type: ignore[arg-type]


def test_large_photo_is_reduced_to_working_size_and_keeps_its_own() -> None:
    photo = inspected(encoded(picture(4200, 2800), quality=50))
    assert (photo.width, photo.height) == (4200, 2800)
    assert photo.pixels.size == (2048, 1365)


def test_large_sideways_photo_is_reduced_by_its_upright_width() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = inspected(encoded(picture(3000, 1500), exif=exif.tobytes()))
    assert (photo.width, photo.height) == photo.pixels.size == (1500, 3000)


def test_deep_grey_is_scaled_and_not_clipped() -> None:
    photo = inspected(encoded(Image.new("I;16", (8, 8), 32768), "png"))
    assert photo.pixels.getpixel((3, 3)) == (128, 128, 128)


def test_large_deep_grey_is_scaled_too() -> None:
    photo = inspected(encoded(Image.new("I;16", (2100, 10), 32768), "png"))
    assert near(photo.pixels.getpixel((3, 3)), (128, 128, 128), 1)


def test_print_colours_become_screen_colours() -> None:
    photo = inspected(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0))))
    assert near(photo.pixels.getpixel((8, 8)), (254, 0, 0))


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_see_through_key_colour_becomes_alpha(mode: str) -> None:
    image = Image.new(mode, (2100, 4))
    key = (0, 0, 0) if mode == "RGB" else 0
    photo = inspected(encoded(image, "png", transparency=key))
    assert photo.pixels.mode == "RGBA"
    assert flatten(photo.pixels).getpixel((5, 1)) == (255, 255, 255)


def test_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    for image_format in ("gif", "webp", "png", "avif"):
        data = encoded(frames[0], image_format, save_all=True, append_images=frames[1:])
        assert near(inspected(data).pixels.getpixel((9, 9)), (255, 0, 0))


def test_a_colour_profile_is_applied() -> None:
    swapped = _profile_with_swapped_colours()
    photo = inspected(encoded(Image.new("RGB", (16, 16), (255, 0, 0)), "png", icc_profile=swapped))
    red, green, _ = photo.pixels.getpixel((8, 8))  # type: ignore[misc]
    assert green > 200 > red


def test_many_threads_read_at_once() -> None:
    files = [good(kind) for kind in FORMATS] * 8
    alone = [inspected(data).pixels.tobytes() for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = [photo.pixels.tobytes() for photo in pool.map(inspected, files)]
    assert together == alone


def _profile_with_swapped_colours() -> bytes:
    """Return an sRGB profile whose red and green columns have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
