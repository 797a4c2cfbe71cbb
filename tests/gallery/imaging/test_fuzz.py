"""Whatever the bytes: a photo or a refusal, never another exception."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.imaging import (
    Limits,
    PhotoRefused,
    derivatives,
    inspect_upload,
    placeholder,
)
from gallery.imaging.exif import read_exif
from tests.gallery.imaging.photofiles import FORMATS, good
from tests.gallery.imaging.test_camera import camera_exif

LIMITS = Limits(max_bytes=100_000, max_pixels=1_000_000)
STARTS = [good(kind)[:size] for kind in FORMATS for size in (4, 12, 40)]

quick = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def check_upload(data: bytes) -> None:
    """Take the bytes all the way, as an upload would go."""
    try:
        photo = inspect_upload(data, limits=LIMITS)
    except PhotoRefused:
        return
    assert derivatives(photo)
    assert placeholder(photo)


@quick
@given(start=st.sampled_from([b"", *STARTS]), rest=st.binary(max_size=400))
def test_random_bytes(start: bytes, rest: bytes) -> None:
    check_upload(start + rest)


@pytest.mark.parametrize("image_format", FORMATS)
@quick
@given(data=st.data())
def test_mutations(image_format: str, data: st.DataObject) -> None:
    mutated = bytearray(good(image_format))
    places = st.tuples(st.integers(0, len(mutated) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, min_size=1, max_size=8)):
        mutated[place] = value
    check_upload(bytes(mutated))


@pytest.mark.parametrize("image_format", FORMATS)
@quick
@given(data=st.data())
def test_cuts_and_repeats(image_format: str, data: st.DataObject) -> None:
    whole = good(image_format)
    cut = st.integers(0, len(whole))
    first, second = data.draw(cut), data.draw(cut)
    check_upload(whole[:first] + whole[second:])


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_truncation_is_refused(image_format: str) -> None:
    whole = good(image_format)
    for size in range(0, len(whole), 7):
        with pytest.raises(PhotoRefused):
            inspect_upload(whole[:size], limits=LIMITS)


@quick
@given(data=st.data())
def test_mutated_camera_data(data: st.DataObject) -> None:
    mutated = bytearray(camera_exif().removeprefix(b"Exif\x00\x00"))
    places = st.tuples(st.integers(0, len(mutated) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, min_size=1, max_size=12)):
        mutated[place] = value
    try:
        entries = read_exif(bytes(mutated)).entries
    except PhotoRefused:
        return
    assert all(len(entry.value) <= 256 for entry in entries.values())
