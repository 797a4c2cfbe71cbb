"""Bootstrap: repeatable, as wide as the data says, and exact about which model is better."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers.training.test_metrics import corpus
from workers.training.errors import TrainingError
from workers.training.metrics import plain_scores
from workers.training.report.bootstrap import (
    intervals,
    paired_differences,
    pooled,
    resample_weights,
)
from workers.training.scores import ImageScores


def scores_of(cider: np.ndarray) -> ImageScores:
    """Scores of which only CIDEr matters."""
    return ImageScores(np.ones((len(cider), 10)), np.zeros(len(cider)), cider)


def test_resamples_have_the_size_of_the_sample_and_repeat():
    weights = resample_weights(50, 20, seed=3)
    assert weights.shape == (20, 50)
    assert set(weights.sum(-1)) == {50.0}
    assert np.array_equal(weights, resample_weights(50, 20, seed=3))
    assert not np.array_equal(weights, resample_weights(50, 20, seed=4))


def test_the_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(1).normal(1.0, 0.5, 400)
    low, high = intervals([scores_of(values)])["CIDEr"]
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.01)
    assert high == pytest.approx(values.mean() + half, abs=0.01)


def test_every_metric_lies_in_its_interval():
    scores = plain_scores(*corpus(60, 5))
    figures, spans = scores.figures(), intervals([scores], resamples=300)
    assert spans.keys() == figures.keys()
    # Intervals are rounded to four places.
    low = {name: span[0] - 1e-4 for name, span in spans.items()}
    high = {name: span[1] + 1e-4 for name, span in spans.items()}
    assert all(low[name] <= value <= high[name] for name, value in figures.items())
    assert intervals([scores], resamples=300) == spans


def test_seeds_are_averaged_within_each_resample():
    first, second = np.arange(10.0), np.arange(10.0)[::-1]
    both = pooled([scores_of(first), scores_of(second)], resample_weights(10, 50))
    assert both["CIDEr"] == pytest.approx(4.5)


def test_a_small_steady_gain_is_seen_in_pairs_though_the_intervals_overlap():
    chance = np.random.default_rng(2)
    theirs = chance.uniform(0, 2, 200)
    ours = theirs + chance.normal(0.05, 0.1, 200)
    found = paired_differences([scores_of(ours)], [scores_of(theirs)])["CIDEr"]
    low, high = found["interval"]
    assert 0 < low < found["difference"] < high
    assert found["not_above"] < 0.01
    assert intervals([scores_of(ours)])["CIDEr"][0] < intervals([scores_of(theirs)])["CIDEr"][1]


def test_a_model_does_not_differ_from_itself():
    scores = plain_scores(*corpus(20, 1))
    found = paired_differences([scores], [scores], resamples=50)
    assert all(item["difference"] == 0 and item["not_above"] == 1 for item in found.values())


def test_runs_over_other_images_are_refused():
    with pytest.raises(TrainingError, match="same images"):
        paired_differences([scores_of(np.zeros(3))], [scores_of(np.zeros(4))])
