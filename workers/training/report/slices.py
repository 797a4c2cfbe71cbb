"""Slices of an evaluated split: kinds of photos whose figures are worth seeing apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from workers.training.data import CaptionedPhoto
from workers.training.metrics import words
from workers.training.report.bootstrap import RESAMPLES, intervals
from workers.training.report.vocabulary import VOCABULARIES, content_stems
from workers.training.scores import ImageScores

# Corpus figures of fewer photos than this say nothing; only their number is given.
SMALLEST = 20
# A photo shows people (animals, ...) when at least this share of its human captions says so.
AGREEMENT = 0.5
# A word is rare when 10,000 captions of the other splits use it less often than this.
RARE = 3


def slices_of(
    rows: Sequence[CaptionedPhoto], language: str, training: Iterable[CaptionedPhoto] = ()
) -> dict[str, np.ndarray]:
    """A mask [N] per slice; a photo may be in several or in none.

    Short, medium and long captions part the rows at the thirds of the mean words per human
    caption. Rare words are counted in the captions of `training`; without any there is no such
    slice.
    """
    found = _by_length(rows, language) | _by_words(rows, language)
    texts = [text for row in training for text in row.captions]
    counts = Counter(item for text in texts for item in content_stems(text, language))
    if texts:
        least = RARE * len(texts) / 10_000
        found["rare words"] = _mask(rows, lambda row: _has_rare(row, language, counts, least))
    return found


def slice_report(
    scores: ImageScores, slices: dict[str, np.ndarray], resamples: int = RESAMPLES
) -> dict[str, dict[str, Any]]:
    """Photos, metrics and intervals of every slice; only the photos where they are too few."""
    found: dict[str, dict[str, Any]] = {}
    for name, mask in slices.items():
        entry: dict[str, Any] = {"photos": int(mask.sum())}
        if entry["photos"] >= SMALLEST:
            part = scores.take(mask)
            figures = {metric: round(value, 4) for metric, value in part.figures().items()}
            entry |= {"metrics": figures, "intervals": intervals([part], resamples)}
        found[name] = entry
    return found


def _by_length(rows: Sequence[CaptionedPhoto], language: str) -> dict[str, np.ndarray]:
    lengths = np.array(
        [np.mean([len(words(text, language)) for text in row.captions]) for row in rows]
    )
    low, high = np.percentile(lengths, [100 / 3, 200 / 3])
    return {
        f"short captions (up to {low:.1f} words)": lengths <= low,
        "medium captions": (lengths > low) & (lengths <= high),
        f"long captions (over {high:.1f} words)": lengths > high,
    }


def _by_words(rows: Sequence[CaptionedPhoto], language: str) -> dict[str, np.ndarray]:
    kinds = ("people", "animals", "outdoors")
    found = {kind: _mask(rows, _agreed(kind, language)) for kind in kinds}
    found["no people, no animals"] = ~(found["people"] | found["animals"])
    # One person who says left or right is enough: it says that the side matters.
    vocabulary = VOCABULARIES[language]
    found["left or right"] = _mask(
        rows, lambda row: bool(vocabulary.mentions("sides", row.captions, language))
    )
    return found


def _agreed(kind: str, language: str) -> Callable[[CaptionedPhoto], bool]:
    """Whether enough of a row's captions mention the kind."""
    vocabulary = VOCABULARIES[language]

    def agreed(row: CaptionedPhoto) -> bool:
        said = [bool(vocabulary.mentions(kind, [text], language)) for text in row.captions]
        return sum(said) >= AGREEMENT * len(said)

    return agreed


def _has_rare(row: CaptionedPhoto, language: str, counts: Counter[str], least: float) -> bool:
    """Whether a rare word is one that matters: two people use it, where there are two."""
    used = Counter(item for text in row.captions for item in set(content_stems(text, language)))
    needed = min(2, len(row.captions))
    return any(counts[item] < least for item, times in used.items() if times >= needed)


def _mask(rows: Sequence[CaptionedPhoto], belongs: Callable[[CaptionedPhoto], bool]) -> np.ndarray:
    return np.array([belongs(row) for row in rows], dtype=bool)
