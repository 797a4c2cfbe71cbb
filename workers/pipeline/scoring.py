"""Confidence: the decoder's mean token log-probability, calibrated on validation data.

confidence = 1 / (1 + exp(-(scale * m + offset))), where m is the caption's mean token
log-probability (natural logarithm, end token included) and scale > 0. This is temperature scaling
with a bias (Platt 1999; Guo et al. 2017): the temperature is 1 / scale. The two numbers are fitted
so that confidence is the probability of the event that the captioner's config names as
`calibration.target`; docs/model.md says how, and how well it holds.
"""

from __future__ import annotations

import math

from workers.pipeline.config import CalibrationConfig

LEVELS = ("low", "medium", "high")


def confidence(log_probability: float, calibration: CalibrationConfig) -> float:
    """Mean token log-probability (at most 0) to a confidence in [0, 1].

    Never falls as the probability rises.
    """
    logit = calibration.scale * log_probability + calibration.offset
    # The branch keeps exp from overflowing for very unlikely captions.
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit) if logit > -700 else 0.0
    return odds / (1.0 + odds)


def level(value: float, calibration: CalibrationConfig) -> str:
    """The word people see for a confidence: low, medium or high, by the config's boundaries."""
    medium, high = calibration.levels
    return LEVELS[(value >= medium) + (value >= high)]
