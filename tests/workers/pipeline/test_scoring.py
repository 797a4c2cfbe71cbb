"""Confidence is a probability that never falls while the log-probability rises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.pipeline.config import CalibrationConfig
from workers.pipeline.scoring import confidence, level

scores = st.floats(-1e4, 0)
calibrations = st.builds(CalibrationConfig, st.floats(1e-3, 50), st.floats(-20, 20))


@given(scores, scores, calibrations)
def test_confidence_is_a_monotone_probability(first, second, calibration):
    low, high = sorted((first, second))
    assert 0 <= confidence(low, calibration) <= confidence(high, calibration) <= 1


def test_the_formula():
    calibration = CalibrationConfig(scale=2.0, offset=1.0)
    assert confidence(-0.5, calibration) == pytest.approx(0.5)
    assert confidence(0.0, calibration) == pytest.approx(0.7310586)


def test_levels_begin_at_their_boundaries():
    calibration = CalibrationConfig(levels=(0.4, 0.7))
    assert [level(v, calibration) for v in (0.0, 0.39, 0.4, 0.69, 0.7, 1.0)] == [
        "low",
        "low",
        "medium",
        "medium",
        "high",
        "high",
    ]
