"""Caption data sets in the Flickr8k layout (captions.jsonl) and the COCO 2017 layout."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.training.errors import TrainingError
from workers.training.photos import PhotoStore

CAPTIONS_FILE = "captions.jsonl"


@dataclass(frozen=True)
class CaptionedPhoto:
    """One row of a data set: a file name, the split it belongs to, and its reference captions."""

    file: str
    split: str
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """The rows of a data set in file order, and where their pictures are."""

    rows: tuple[CaptionedPhoto, ...]
    store: PhotoStore

    def of(self, *splits: str) -> list[CaptionedPhoto]:
        """The rows of the named splits, in file order."""
        return [row for row in self.rows if row.split in splits]

    @property
    def splits(self) -> list[str]:
        """The names of the splits there are."""
        return sorted({row.split for row in self.rows})


def load_dataset(directory: str | Path, captions_file: str = CAPTIONS_FILE) -> Dataset:
    """Read a data set of either layout.

    Raises `TrainingError` naming the line or key that is wrong.

    Nothing is checked against the pictures here: `workers.training.checks` does that.
    """
    path = Path(directory)
    if not path.is_dir():
        raise TrainingError(f"The data directory {path} does not exist.")
    if (path / captions_file).is_file():
        rows = tuple(_jsonl_rows(path / captions_file))
    elif (path / "annotations").is_dir():
        rows = tuple(_coco_rows(path / "annotations"))
    else:
        raise TrainingError(f"{path} has neither {captions_file} nor an annotations folder.")
    if not rows:
        raise TrainingError(f"{path} has no captioned photos.")
    return Dataset(rows, PhotoStore(path))


def _jsonl_rows(path: Path) -> Iterator[CaptionedPhoto]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _jsonl_row(line, f"{path}, line {number}")


def _jsonl_row(line: str, where: str) -> CaptionedPhoto:
    try:
        row = json.loads(line)
        file, split, captions = row["file"], row["split"], row["captions"]
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{where}: expected an object with file, split and captions."
        ) from error
    if not isinstance(captions, list) or not all(isinstance(text, str) for text in captions):
        raise TrainingError(f"{where}: captions must be a list of texts.")
    return CaptionedPhoto(str(file), str(split), tuple(captions))


def _coco_rows(folder: Path) -> Iterator[CaptionedPhoto]:
    """Every captions_SPLIT.json of the folder; an image without captions keeps an empty tuple."""
    for path in sorted(folder.glob("captions_*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            yield from _coco_split(content, path.stem.removeprefix("captions_"))
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{path} is not a COCO captions file: {error!r}.") from error


def _coco_split(content: dict[str, Any], split: str) -> Iterable[CaptionedPhoto]:
    captions: dict[int, list[str]] = defaultdict(list)
    for annotation in content["annotations"]:
        captions[annotation["image_id"]].append(annotation["caption"])
    for image in content["images"]:
        yield CaptionedPhoto(image["file_name"], split, tuple(captions[image["id"]]))
