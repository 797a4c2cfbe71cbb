"""Data sets: both layouts, pictures in a tar or a folder, and every fault named before training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workers.tiny import plain_photo
from tests.workers.training.conftest import rows_of_colours, write_rows
from workers.training.checks import check_dataset
from workers.training.data import load_dataset
from workers.training.errors import DataProblems, TrainingError
from workers.training.photos import PhotoStore

COCO_SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "coco_sample"


def test_tar_and_folder_hold_the_same(dataset_folder: Path, dataset_tar: Path):
    folder, tar = load_dataset(dataset_folder), load_dataset(dataset_tar)
    assert folder.rows == tar.rows
    assert folder.splits == ["train", "val"]
    assert check_dataset(folder, ["train", "val"]) == check_dataset(tar, ["train", "val"])


def test_pictures_may_lie_in_the_directory_itself(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    store = PhotoStore(tmp_path)
    assert "a.jpg" in store
    assert store.read("a.jpg") == b"x"
    assert "b.jpg" not in store
    with pytest.raises(FileNotFoundError):
        store.read("b.jpg")


def test_file_names_cannot_leave_the_data_set(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"x")
    assert "../secret.jpg" not in PhotoStore(tmp_path / "data")
    assert str(tmp_path / "secret.jpg") not in PhotoStore(tmp_path / "data")


def test_every_fault_is_listed_at_once(dataset_folder: Path):
    rows = rows_of_colours()
    rows[0]["captions"] = []
    rows[1]["captions"] = ["a green picture", "  "]
    rows.append(dict(rows[2]))
    rows.append({"file": "gone.jpg", "split": "train", "captions": ["a"]})
    rows.append({"file": "copy.jpg", "split": "val", "captions": ["a"]})
    write_rows(dataset_folder, rows)
    images = dataset_folder / "images"
    (images / "copy.jpg").write_bytes((images / "yellow-40.jpg").read_bytes())
    (images / "black-40.jpg").write_bytes(plain_photo("black")[:200])
    with pytest.raises(DataProblems) as caught:
        check_dataset(load_dataset(dataset_folder), ["train", "val"])
    problems = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 6
    for expected in (
        "red-40.jpg has no caption.",
        "green-40.jpg has no caption.",
        "blue-40.jpg is listed 2 times.",
        "gone.jpg is missing.",
        "black-40.jpg is corrupt",
        "yellow-40.jpg (train), copy.jpg (val)",
    ):
        assert expected in problems


def test_splits_that_are_not_used_are_not_checked(dataset_folder: Path):
    rows = [*rows_of_colours(), {"file": "gone.jpg", "split": "other", "captions": []}]
    write_rows(dataset_folder, rows)
    assert len(check_dataset(load_dataset(dataset_folder), ["train", "val"])) == 12


def test_an_unknown_split_is_named(dataset_folder: Path):
    with pytest.raises(TrainingError, match="test; the data has train, val"):
        check_dataset(load_dataset(dataset_folder), ["test"])


@pytest.mark.parametrize(
    "line",
    ["not json", "[]", '{"file": "a"}', '{"file": "a", "split": "b", "captions": "c"}'],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str):
    (tmp_path / "captions.jsonl").write_text(f"\n{line}\n")
    with pytest.raises(TrainingError, match="line 2"):
        load_dataset(tmp_path)


def test_directories_that_are_no_data_set(tmp_path: Path):
    with pytest.raises(TrainingError, match="does not exist"):
        load_dataset(tmp_path / "nowhere")
    with pytest.raises(TrainingError, match="neither"):
        load_dataset(tmp_path)
    (tmp_path / "captions.jsonl").write_text("")
    with pytest.raises(TrainingError, match="no captioned photos"):
        load_dataset(tmp_path)


def test_coco_layout(tmp_path: Path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "val2017").mkdir()
    content = {
        "images": [{"id": 7, "file_name": "7.jpg"}, {"id": 8, "file_name": "8.jpg"}],
        "annotations": [{"image_id": 7, "caption": "a"}, {"image_id": 7, "caption": "b"}],
    }
    (tmp_path / "annotations" / "captions_val2017.json").write_text(json.dumps(content))
    (tmp_path / "val2017" / "7.jpg").write_bytes(plain_photo())
    dataset = load_dataset(tmp_path)
    assert [(r.file, r.split, r.captions) for r in dataset.rows] == [
        ("7.jpg", "val2017", ("a", "b")),
        ("8.jpg", "val2017", ()),
    ]
    with pytest.raises(DataProblems) as caught:
        check_dataset(dataset, ["val2017"])
    assert caught.value.problems == ["8.jpg has no caption.", "8.jpg is missing."]


@pytest.mark.skipif(not COCO_SAMPLE.is_dir(), reason="the COCO sample is not on this machine")
def test_the_real_coco_sample():
    dataset = load_dataset(COCO_SAMPLE)
    assert len(check_dataset(dataset, ["train2017"])) == 80
    assert sum(len(row.captions) for row in dataset.rows) >= 400
