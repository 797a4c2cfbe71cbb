"""The training mixture: photos with captions in their languages, nothing held out in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workers.training.checks import check_dataset
from workers.training.config import DataSection
from workers.training.data import CaptionedPhoto, Dataset, load_dataset
from workers.training.errors import TrainingError


@dataclass(frozen=True)
class TrainingPhoto:
    """A photo to train on: its file and, per language, its captions."""

    file: str
    captions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Mixture:
    """Checked data of every language.

    `held_out` counts the photos left out of training because some language validates on them.
    """

    datasets: dict[str, Dataset]
    training: list[TrainingPhoto]
    validation: dict[str, list[CaptionedPhoto]]
    hashes: dict[str, str] = field(repr=False)
    held_out: int = 0


def load_mixture(section: DataSection) -> Mixture:
    """Read and check the caption files of every language.

    A photo that any language validates on is trained on in none: the languages share their photos,
    and their splits need not agree. Raises `DataProblems` listing every fault, `TrainingError` for
    a split that does not exist.
    """
    datasets = {
        source.language: load_dataset(section.path, source.file) for source in section.captions
    }
    hashes: dict[str, str] = {}
    training: dict[str, dict[str, tuple[str, ...]]] = {}
    validation: dict[str, list[CaptionedPhoto]] = {}
    for language, dataset in datasets.items():
        splits = _splits(dataset, section)
        hashes |= check_dataset(dataset, [*splits, section.validation])
        validation[language] = dataset.of(section.validation)
        for row in dataset.of(*splits):
            training.setdefault(row.file, {})[language] = row.captions
    judged = {hashes[row.file] for rows in validation.values() for row in rows}
    kept = [TrainingPhoto(file, captions) for file, captions in training.items()]
    kept = [photo for photo in kept if hashes[photo.file] not in judged]
    return Mixture(datasets, kept, validation, hashes, held_out=len(training) - len(kept))


def _splits(dataset: Dataset, section: DataSection) -> Sequence[str]:
    """The training splits this data set has; at least one of those the config names."""
    found = [split for split in section.train if split in dataset.splits]
    if not found:
        wanted, have = ", ".join(section.train), ", ".join(dataset.splits)
        raise TrainingError(f"There is no split {wanted}; the data has {have}.")
    return found
