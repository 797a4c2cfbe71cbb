"""EXIF as numbers: what cameras write is understood, what attackers write costs nothing."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.workers.tiny import plain_photo
from workers.pipeline import exif as module
from workers.pipeline.exif import EXIF_SIZE, NO_EXIF, read_exif

TAGS = (
    module.ORIENTATION,
    module.MODIFIED,
    module.EXPOSURE,
    module.APERTURE,
    module.SENSITIVITY,
    module.TAKEN,
    module.FLASH,
    module.FOCAL_LENGTH,
    module.FOCAL_LENGTH_35,
)
NAMES = ("exposure", "aperture", "sensitivity", "focal", "flash", "sine", "cosine", "side")


def photo_with(tags: dict[int, object], kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    details = exif.get_ifd(module.EXIF_IFD)
    for tag, value in tags.items():
        (exif if tag in (module.ORIENTATION, module.MODIFIED) else details)[tag] = value
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6)).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def read(tags: dict[int, object], kind: str = "JPEG") -> dict[str, float]:
    """The numbers by name; missing facts are left out."""
    numbers = read_exif(photo_with(tags, kind))
    assert len(numbers) == EXIF_SIZE
    flags = numbers[len(NAMES) :]
    of_fact = (0, 1, 2, 3, 4, 5, 5, 6)
    return {
        name: value
        for name, value, fact in zip(NAMES, numbers[: len(NAMES)], of_fact, strict=True)
        if not flags[fact]
    }


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_of_a_camera(kind):
    facts = read(
        {
            module.ORIENTATION: 6,
            module.EXPOSURE: IFDRational(1, 120),
            module.APERTURE: IFDRational(28, 10),
            module.SENSITIVITY: 800,
            module.FOCAL_LENGTH: IFDRational(4, 1),
            module.FOCAL_LENGTH_35: 100,
            module.FLASH: 0x19,
            module.TAKEN: "2024:06:01 06:00:00",
        },
        kind,
    )
    assert facts == pytest.approx(
        {
            "exposure": -1 / 10,
            "aperture": -1 / 3,
            "sensitivity": 1 / 7,
            "focal": 1 / 5,
            "flash": 1.0,
            "sine": 1.0,
            "cosine": 0.0,
            "side": 1.0,
        },
        abs=1e-6,
    )


def test_missing_facts_are_flagged_one_by_one():
    assert read({module.FLASH: 16}) == {"flash": 0.0}
    assert read({module.FOCAL_LENGTH: IFDRational(50, 1)}) == {"focal": 0.0}
    assert read({module.MODIFIED: "2024:06:01 12:30:00"}).keys() == {"sine", "cosine"}
    assert read_exif(plain_photo()) == NO_EXIF == read_exif(b"")


@pytest.mark.parametrize(
    "tags",
    [
        {module.EXPOSURE: IFDRational(0, 0)},
        {module.EXPOSURE: IFDRational(0, 1)},
        {module.SENSITIVITY: 0},
        {module.ORIENTATION: 9},
        {module.TAKEN: "2024:06:01 25:00:00"},
        {module.TAKEN: "yesterday"},
        {module.APERTURE: "wide"},
    ],
)
def test_values_that_no_camera_writes_count_as_missing(tags):
    assert read(tags) == {}


def test_values_beyond_any_camera_stay_in_range():
    assert read({module.EXPOSURE: IFDRational(2**31, 1)}) == {"exposure": 1.0}


def holds(numbers: tuple[float, ...]) -> bool:
    return len(numbers) == EXIF_SIZE and all(math.isfinite(n) and -1 <= n <= 1 for n in numbers)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data):
    assert holds(read_exif(data))


@given(st.binary(max_size=300))
def test_no_exif_block_breaks_it(block):
    head, rest = plain_photo()[:2], plain_photo()[2:]
    payload = b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + block
    segment = b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload
    assert holds(read_exif(head + segment + rest))


VALUES = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=8),
    st.none(),
    st.builds(IFDRational, st.integers(-5, 2**40), st.integers(-5, 5)),
    st.tuples(),
    st.tuples(st.floats()),
)


@given(st.dictionaries(st.sampled_from(TAGS), VALUES))
def test_no_value_under_a_known_tag_breaks_it(tags):
    assert holds(module.numbers_of(tags))


@given(st.data())
def test_a_file_cut_or_changed_anywhere_is_read_or_unknown(data):
    photo = bytearray(photo_with({module.FLASH: 1, module.TAKEN: "2024:06:01 12:30:00"}))
    place = data.draw(st.integers(0, len(photo) - 1))
    photo[place] = data.draw(st.integers(0, 255))
    assert holds(read_exif(bytes(photo)))
    assert holds(read_exif(bytes(photo[:place])))
