"""Camera facts: those on the list are read in every format, position and names are not."""

import struct

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from gallery.imaging import Limits, derivatives, inspect_upload
from gallery.imaging.camera import camera_facts, orientation
from gallery.imaging.exif import read_exif
from tests.gallery.imaging.photofiles import encoded, picture, tiff

FACTS = {
    "camera_make": "Canon",
    "camera_model": "EOS 80D",
    "lens": "EF50mm f/1.8",
    "exposure": "1/250",
    "aperture": 2.8,
    "iso": 400,
    "focal_length": 50.0,
    "taken_at": "2024-05-06T12:34:56",
}
SECRETS = (b"Jane Doe", b"SN-4711", b"Berlin, my garden")


def camera_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "Canon", "EOS 80D", "Jane Doe"
    camera = exif.get_ifd(0x8769)
    camera[0x829A], camera[0x829D] = IFDRational(1, 250), IFDRational(28, 10)
    camera[0x920A], camera[0x8827] = IFDRational(50, 1), 400
    camera[0x9003], camera[0xA434] = "2024:05:06 12:34:56", "EF50mm f/1.8"
    camera[0xA431], camera[0xA430] = "SN-4711", "Jane Doe"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[28] = "N", (52.0, 30.0, 0.0), b"Berlin, my garden"
    return exif.tobytes()


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "avif", "heic"])
def test_only_listed_facts_are_kept(image_format: str) -> None:
    data = encoded(picture(), image_format, exif=camera_exif())
    assert all(secret in data for secret in SECRETS)
    assert inspect_upload(data, limits=Limits()).exif == FACTS


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "avif", "heic"])
def test_nothing_of_it_is_in_the_copies(image_format: str) -> None:
    photo = inspect_upload(encoded(picture(), image_format, exif=camera_exif()), limits=Limits())
    for copy in derivatives(photo):
        assert b"EXIF" not in copy.data
        assert not any(secret in copy.data for secret in (*SECRETS, b"Canon"))


def test_a_photo_without_camera_data_has_no_facts() -> None:
    assert inspect_upload(encoded(picture()), limits=Limits()).exif == {}


@pytest.mark.parametrize(
    ("value", "shown"),
    [((1, 250), "1/250"), ((10, 2500), "1/250"), ((2, 1), "2"), ((5, 10), "0.5")],
)
def test_exposure_is_written_as_photographers_do(value: tuple[int, int], shown: str) -> None:
    block = tiff([(0x829A, 5, 1, 26)], extra=struct.pack("<II", *value))
    assert camera_facts(read_exif(block)) == {"exposure": shown}


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II*\x00",
        b"MM\x00*\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00\xff",
        tiff([(0x829A, 5, 1, 26)], extra=struct.pack("<II", 1, 0)),
        tiff([(0x829A, 5, 1, 9000)]),
        tiff([(0x9003, 2, 12, 26)], extra=b"0000:00:00 x"),
        tiff([(0x8827, 99, 1, 1)]),
        tiff([(0x8769, 4, 1, 0xFFFFFFFF)]),
        tiff([(0x010F, 2, 3, 0x00010200)]),
    ],
)
def test_damaged_blocks_give_no_facts(block: bytes) -> None:
    exif = read_exif(block)
    assert camera_facts(exif) == {}
    assert orientation(exif) == 1


def test_text_is_clean_and_short_enough_for_a_database() -> None:
    text = b"A\x01B\xff" + b"x" * 200 + b"\x00hidden"
    block = tiff([(0x010F, 2, len(text), 26)], extra=text)
    make = camera_facts(read_exif(block))["camera_make"]
    assert isinstance(make, str)
    assert make.startswith("AB\ufffdx")
    assert len(make) == 80


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_senseless_orientation_is_upright(value: int) -> None:
    assert orientation(read_exif(tiff([(0x0112, 3, 1, value)]))) == 1
