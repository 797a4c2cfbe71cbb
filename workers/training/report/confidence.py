"""Judging confidence: per language and strategy, by its own formula and by the shared one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.pipeline.config import CalibrationConfig
from workers.training.calibrate import reliability, samples_of
from workers.training.evaluate import Predictions

# Greedy decoding gives one caption whatever is asked for.
CAPTIONS = 3


def fitting_half(predictions: Predictions) -> Predictions:
    """Every other photo, from the first on: those the formula is fitted on."""
    return _with_rows(predictions, 0)


def judging_half(predictions: Predictions) -> Predictions:
    """The photos between: those it is judged on."""
    return _with_rows(predictions, 1)


def judge(
    predictions: Sequence[Predictions], calibration: CalibrationConfig
) -> dict[str, dict[str, Any]]:
    """How well confidence holds on the judging half: language, then strategy, to the findings.

    Each has the `reliability` of the formula that holds for it, and under `shared` that of the one
    formula fitted on the beam captions of all languages together.
    """
    found: dict[str, dict[str, Any]] = {}
    for item in predictions:
        judged = samples_of(judging_half(item).rows, item.language)
        shared = reliability(judged, calibration)
        fitted = reliability(judged, calibration.of(item.language, item.strategy))
        found.setdefault(item.language, {})[item.strategy] = fitted | {
            "shared": {"ece": shared["ece"], "ece_interval": shared["ece_interval"]}
        }
    return found


def _with_rows(predictions: Predictions, start: int) -> Predictions:
    return Predictions(
        predictions.rows[start::2],
        predictions.failed,
        predictions.seconds,
        predictions.language,
        predictions.strategy,
    )
