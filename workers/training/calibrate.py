"""Calibration: confidence is fitted to predict whether a caption's words are right.

The target of a caption is 1 when at least `TARGET_PRECISION` of its content words (those that are
not function words) also stand in one of the photo's human captions, and 0 otherwise; Turkish words
are compared by their first five letters, since their endings vary. The logistic of
`workers.pipeline.scoring` is fitted by maximum likelihood on one half of the photos and judged on
the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.pipeline.config import CalibrationConfig
from workers.pipeline.scoring import confidence
from workers.training.evaluate import CaptionedRow
from workers.training.report.bootstrap import RESAMPLES, percentile_interval, resample_weights
from workers.training.report.vocabulary import content_stems, stems

TARGET_PRECISION = 0.6
TARGET = (
    f"at least {TARGET_PRECISION:.0%} of the caption's content words also stand in a human caption"
    " of the photo"
)
BINS = 10


@dataclass(frozen=True)
class Sample:
    """One caption: its mean log-probability and whether it met the target.

    `photo` numbers the photos, so that the captions of one are resampled together.
    """

    log_probability: float
    good: bool
    photo: int = 0


def content_precision(caption: str, references: Iterable[str], language: str = "en") -> float:
    """The share of the caption's content words found in any reference.

    0 for a caption without any.
    """
    mentioned = {word for reference in references for word in stems(reference, language)}
    content = content_stems(caption, language)
    if not content:
        return 0.0
    return sum(word in mentioned for word in content) / len(content)


def samples_of(rows: Sequence[CaptionedRow], language: str = "en") -> list[Sample]:
    """Every caption of every row as a sample."""
    return [
        Sample(
            caption.log_probability,
            content_precision(caption.text, item.row.captions, language) >= TARGET_PRECISION,
            number,
        )
        for number, item in enumerate(rows)
        for caption in item.captions
    ]


def fit(samples: Sequence[Sample], levels: tuple[float, float]) -> CalibrationConfig:
    """Maximum-likelihood scale and offset, by Newton's method.

    A slight ridge helps with samples that are all alike.

    The scale is kept positive, so that confidence never falls as the probability rises.
    """
    x = np.array([[sample.log_probability, 1.0] for sample in samples])
    y = np.array([float(sample.good) for sample in samples])
    weights = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        change = np.linalg.solve(hessian, x.T @ (y - p) - 1e-3 * weights)
        weights = weights + change
        if np.abs(change).max() < 1e-8:
            break
    scale = max(float(weights[0]), 1e-3)
    return CalibrationConfig(round(scale, 5), round(float(weights[1]), 5), levels, TARGET)


def reliability(
    samples: Sequence[Sample], calibration: CalibrationConfig, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """Expected calibration error and its table: ten equal bins of confidence (Naeini et al. 2015).

    ECE is the mean gap between confidence and the share of good captions, weighted by the captions
    in each bin. Its 95 % interval is a bootstrap over photos; a resample has noise of its own, so
    the interval lies a little high.
    """
    values = np.array([confidence(sample.log_probability, calibration) for sample in samples])
    good = np.array([float(sample.good) for sample in samples])
    bins = np.minimum((values * BINS).astype(int), BINS - 1)
    table = [
        {
            "from": index / BINS,
            "captions": int((bins == index).sum()),
            "confidence": round(float(values[bins == index].mean()), 3),
            "good": round(float(good[bins == index].mean()), 3),
        }
        for index in range(BINS)
        if (bins == index).any()
    ]
    gaps = _gaps_by_photo([sample.photo for sample in samples], bins, values - good)
    drawn = resample_weights(len(gaps), resamples)
    return {
        "ece": round(float(_ece(gaps, np.ones((1, len(gaps))), len(samples))[0]), 4),
        "ece_interval": percentile_interval(_ece(gaps, drawn, len(samples))),
        "captions": len(samples),
        "mean_confidence": round(float(values.mean()), 3),
        "mean_good": round(float(good.mean()), 3),
        "bins": table,
        "levels": _levels(values, good, calibration),
    }


def _gaps_by_photo(photos: Sequence[int], bins: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Confidence minus goodness summed per photo and bin [N, BINS]."""
    numbers = np.unique(np.array(photos), return_inverse=True)[1]
    summed = np.zeros((numbers.max() + 1, BINS))
    np.add.at(summed, (numbers, bins), gaps)
    return summed


def _ece(gaps: np.ndarray, weights: np.ndarray, captions: int) -> np.ndarray:
    """ECE [R] for photo weights [R, N].

    |sum of (confidence - good)| over a bin is its captions times the gap of its means.
    """
    return np.asarray(np.abs(weights @ gaps).sum(-1) / captions)


def _levels(
    values: np.ndarray, good: np.ndarray, calibration: CalibrationConfig
) -> dict[str, dict[str, float]]:
    """How many captions are Low, Medium and High, and the share of them that is good."""
    edges = (0.0, *calibration.levels, 1.1)
    names = ("low", "medium", "high")
    found = {}
    for name, lower, upper in zip(names, edges, edges[1:], strict=False):
        inside = (values >= lower) & (values < upper)
        share = float(good[inside].mean()) if inside.any() else 0.0
        found[name] = {"captions": int(inside.sum()), "good": round(share, 3)}
    return found
