"""Bootstrap over images: percentile intervals of every metric, and of the gap of two models.

Efron and Tibshirani 1993, chapter 13; for paired differences of text metrics Koehn 2004.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.training.errors import TrainingError
from workers.training.scores import ImageScores

RESAMPLES = 1000
LEVEL = 0.95


def resample_weights(images: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each image is drawn in each resample [R, N]; the same for the same arguments."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(images, np.full(images, 1 / images), size=resamples).astype(float)


def intervals(
    runs: Sequence[ImageScores], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, list[float]]:
    """The 95 % percentile interval [low, high] of every metric.

    Several runs over the same images (seeds) are averaged within each resample.
    """
    drawn = pooled(runs, resample_weights(len(runs[0]), resamples, seed))
    return {name: percentile_interval(values) for name, values in drawn.items()}


def paired_differences(
    ours: Sequence[ImageScores],
    theirs: Sequence[ImageScores],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, dict[str, float | list[float]]]:
    """Ours minus theirs on the same images, for every metric that both have.

    `interval` is its 95 % percentile interval over the same resamples for both, `not_above` the
    share of resamples in which ours is not above theirs. Raises `TrainingError` when the images
    differ in number.
    """
    if len({len(run) for run in (*ours, *theirs)}) != 1:
        raise TrainingError("Only runs over the same images can be compared in pairs.")
    weights = resample_weights(len(ours[0]), resamples, seed)
    point, other_point = (pooled(runs, np.ones((1, len(ours[0])))) for runs in (ours, theirs))
    drawn, other_drawn = pooled(ours, weights), pooled(theirs, weights)
    found: dict[str, dict[str, float | list[float]]] = {}
    for name in point.keys() & other_point.keys():
        gaps = drawn[name] - other_drawn[name]
        found[name] = {
            "difference": round(float((point[name] - other_point[name])[0]), 4),
            "interval": percentile_interval(gaps),
            "not_above": round(float((gaps <= 0).mean()), 4),
        }
    return {name: found[name] for name in point if name in found}


def pooled(runs: Sequence[ImageScores], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Every metric's mean over the runs, [R] for image weights [R, N]."""
    each = [run.metrics(weights) for run in runs]
    return {name: np.mean([values[name] for values in each], axis=0) for name in each[0]}


def percentile_interval(values: np.ndarray) -> list[float]:
    """The middle 95 % of resampled values, to four places."""
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(values, [tail, 100 - tail])
    return [round(float(low), 4), round(float(high), 4)]
