"""Every bad upload gets its code and one clear sentence; every odd one is taken."""

import time
import tracemalloc

import pytest

from gallery.imaging import Limits, PhotoRefused, derivatives, inspect_upload
from tests.badfiles import BAD_FILES, ODD_BUT_GOOD, BadFile, OddFile


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_bad_upload_is_refused_with_its_code(bad: BadFile) -> None:
    with pytest.raises(PhotoRefused) as caught:
        inspect_upload(bad.data, limits=Limits())
    assert caught.value.code == bad.code


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_refusal_is_one_plain_sentence_or_two(bad: BadFile) -> None:
    with pytest.raises(PhotoRefused) as caught:
        inspect_upload(bad.data, limits=Limits())
    message = caught.value.message
    assert message.startswith(("This ", "SVG "))
    assert message.endswith(".")
    assert "!" not in message
    assert len(message) < 140


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_bad_upload_costs_little(bad: BadFile) -> None:
    data = bad.data
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(PhotoRefused):
        inspect_upload(data, limits=Limits())
    taken = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 2
    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize("odd", ODD_BUT_GOOD, ids=lambda odd: odd.name)
def test_odd_upload_is_taken(odd: OddFile) -> None:
    photo = inspect_upload(odd.data, limits=Limits())
    assert photo.format == odd.format
    assert photo.pixels.mode in ("RGB", "RGBA")
    assert derivatives(photo)


def test_the_collection_is_large_and_distinct() -> None:
    assert len({bad.data for bad in BAD_FILES}) >= 30
    assert {bad.code for bad in BAD_FILES} == {
        "file_empty",
        "file_too_large",
        "not_a_photo",
        "photo_truncated",
        "too_many_pixels",
        "trailing_data",
        "bomb",
        "photo_damaged",
    }
