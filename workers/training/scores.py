"""What the official caption metrics count per image, so that any sample of images can be scored.

BLEU and METEOR are ratios of sums over a corpus, not means over images: a subset or a bootstrap
resample needs the sums again. Everything here is a matrix product of image weights with counts,
followed by each metric's formula; with all weights 1 it gives pycocoevalcap's own figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# METEOR 1.5's parameters for English (Denkowski and Lavie 2014, table 1; meteor-1.5.jar's own).
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
STAGE_WEIGHTS = np.array([1.0, 0.6, 0.8, 0.6])
# pycocoevalcap adds these to numerator and denominator, so that 0 of 0 is 0.
TINY, SMALL = 1e-15, 1e-9


@dataclass(frozen=True)
class ImageScores:
    """Counts and scores of N images, in the order they were given.

    `bleu` [N, 10] holds the caption's length, the closest reference's length, the matches of 1 to
    4 words and the possible ones; `rouge` [N] and `cider` [N] are scores; `meteor` [N, 23] is the
    line that METEOR's own program prints, None where METEOR does not apply.
    """

    bleu: np.ndarray
    rouge: np.ndarray
    cider: np.ndarray
    meteor: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.cider)

    def metrics(self, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Every metric as a fraction, each [R], for image weights [R, N].

        Without weights every image counts once and R is 1.
        """
        counts = np.ones((1, len(self))) if weights is None else np.atleast_2d(weights)
        images = counts.sum(-1)
        found = _bleu(counts @ self.bleu)
        if self.meteor is not None:
            found["METEOR"] = meteor_of(counts @ self.meteor)
        found["ROUGE-L"] = counts @ self.rouge / images
        found["CIDEr"] = counts @ self.cider / images
        return found

    def figures(self) -> dict[str, float]:
        """Every metric over all images, as a fraction."""
        return {name: float(value[0]) for name, value in self.metrics().items()}

    def take(self, chosen: np.ndarray) -> ImageScores:
        """The images that a mask or a list of indices names.

        CIDEr's word weights stay those of the whole set.
        """
        return self._each(lambda values: values[chosen])

    def _each(self, change: Callable[[np.ndarray], np.ndarray]) -> ImageScores:
        meteor = None if self.meteor is None else change(self.meteor)
        return ImageScores(change(self.bleu), change(self.rouge), change(self.cider), meteor)

    def save(self, path: Path) -> None:
        """Write the arrays to one .npz file."""
        arrays = {"bleu": self.bleu, "rouge": self.rouge, "cider": self.cider}
        if self.meteor is not None:
            arrays["meteor"] = self.meteor
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> ImageScores:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as held:
            return cls(**{name: held[name] for name in held.files})


def _bleu(sums: np.ndarray) -> dict[str, np.ndarray]:
    """BLEU-1 to 4 (Papineni et al. 2002) from summed counts [R, 10], as pycocoevalcap does it."""
    length, reference = sums[:, 0], sums[:, 1]
    precision = (sums[:, 2:6] + TINY) / (sums[:, 6:10] + SMALL)
    ratio = (length + TINY) / (reference + SMALL)
    brevity = np.where(ratio < 1, np.exp(1 - 1 / np.minimum(ratio, 1)), 1.0)
    products = np.cumprod(precision, axis=1)
    return {f"BLEU-{n}": products[:, n - 1] ** (1 / n) * brevity for n in range(1, 5)}


def meteor_of(sums: np.ndarray) -> np.ndarray:
    """METEOR from summed statistics [R, 23]; 0 where nothing matches.

    The columns: words and function words of caption and reference, then for each of four kinds of
    match the content and function words of both, then chunks and matched words of both.
    """
    length, other, function, other_function = (sums[:, i] for i in range(4))
    stages = sums[:, 4:20].reshape(-1, 4, 4)
    matched = (DELTA * stages[..., 0] + (1 - DELTA) * stages[..., 2]) @ STAGE_WEIGHTS
    matched_other = (DELTA * stages[..., 1] + (1 - DELTA) * stages[..., 3]) @ STAGE_WEIGHTS
    chunks, words, other_words = sums[:, 20], sums[:, 21], sums[:, 22]
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = matched / (DELTA * (length - function) + (1 - DELTA) * function)
        recall = matched_other / (DELTA * (other - other_function) + (1 - DELTA) * other_function)
        mean = precision * recall / (ALPHA * precision + (1 - ALPHA) * recall)
        fragments = chunks / ((words + other_words) / 2)
        whole = (words == length) & (other_words == other) & (chunks == 1)
        score = mean * (1 - GAMMA * np.where(whole, 0.0, fragments) ** BETA)
    return np.nan_to_num(score, nan=0.0, posinf=0.0, neginf=0.0)
