"""The demo photos: a dozen, each credited, each fit to be uploaded and without metadata."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

import gallery.imaging
from gallery.imaging import Limits, inspect_upload

DEMO = Path(gallery.imaging.__file__).parent.parent / "demo"
CREDITS = json.loads((DEMO / "manifest.json").read_text())
CLEAN_TERMS = {"Public domain", "CC0-1.0", "CC-BY-2.0", "CC-BY-4.0"}


def test_every_photo_is_credited_and_every_credit_has_its_photo() -> None:
    files = sorted(path.name for path in DEMO.glob("*.jpg"))
    assert files == sorted(entry["file"] for entry in CREDITS)
    assert len(files) == 12


@pytest.mark.parametrize("entry", CREDITS, ids=lambda entry: entry["file"])
def test_credit_is_complete_and_the_table_says_the_same(entry: dict[str, str]) -> None:
    assert entry["licence"] in CLEAN_TERMS
    assert all(entry[key] for key in ("title", "author", "source"))
    table = (DEMO / "CREDITS.md").read_text()
    start = f"| {entry['file']} | {entry['title']} | {entry['author']} | {entry['source']} |"
    assert start in table


@pytest.mark.parametrize("entry", CREDITS, ids=lambda entry: entry["file"])
def test_photo_is_small_and_bare(entry: dict[str, str]) -> None:
    data = (DEMO / entry["file"]).read_bytes()
    photo = inspect_upload(data, limits=Limits())
    assert photo.size <= 400_000
    assert max(photo.width, photo.height) <= 1600
    assert photo.exif == {}
    assert {"exif", "icc_profile", "comment"}.isdisjoint(Image.open(BytesIO(data)).info)
