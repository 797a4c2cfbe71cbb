"""Data checks before the first epoch: everything that is wrong, as one list."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from workers.pipeline.errors import PhotoError
from workers.pipeline.images import decode_photo
from workers.training.data import CaptionedPhoto, Dataset
from workers.training.errors import DataProblems, TrainingError

Progress = Callable[[str], None]


def check_dataset(dataset: Dataset, splits: Sequence[str]) -> dict[str, str]:
    """Check the rows of `splits`.

    Returns each file's SHA-256, raises `DataProblems` listing every fault.

    Faults: a missing or corrupt picture, a row without captions, a file listed twice, one picture
    in two splits.
    """
    unknown = [split for split in splits if split not in dataset.splits]
    if unknown:
        have = ", ".join(dataset.splits)
        raise TrainingError(f"There is no split {', '.join(unknown)}; the data has {have}.")
    rows = dataset.of(*splits)
    hashes, faults = _read_all(dataset, rows)
    problems = [
        *_listed_twice(rows),
        *_without_captions(rows),
        *faults,
        *_in_two_splits(rows, hashes),
    ]
    if problems:
        raise DataProblems(problems)
    return hashes


def _listed_twice(rows: Sequence[CaptionedPhoto]) -> list[str]:
    counts = Counter(row.file for row in rows)
    return [f"{file} is listed {count} times." for file, count in counts.items() if count > 1]


def _without_captions(rows: Sequence[CaptionedPhoto]) -> list[str]:
    return [
        f"{row.file} has no caption."
        for row in rows
        if not row.captions or not all(text.strip() for text in row.captions)
    ]


def _read_all(dataset: Dataset, rows: Sequence[CaptionedPhoto]) -> tuple[dict[str, str], list[str]]:
    hashes: dict[str, str] = {}
    faults: list[str] = []
    for file in dict.fromkeys(row.file for row in rows):
        try:
            data = dataset.store.read(file)
            decode_photo(data, smallest_side=64)
            hashes[file] = hashlib.sha256(data).hexdigest()
        except FileNotFoundError:
            faults.append(f"{file} is missing.")
        except PhotoError as error:
            faults.append(f"{file} is corrupt: {error}")
    return hashes, faults


def _in_two_splits(rows: Sequence[CaptionedPhoto], hashes: dict[str, str]) -> list[str]:
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.file in hashes:
            places[hashes[row.file]].setdefault(row.split, row.file)
    return [
        "The same picture is in two splits: "
        + ", ".join(f"{file} ({split})" for split, file in found.items())
        + "."
        for found in places.values()
        if len(found) > 1
    ]
