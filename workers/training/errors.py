"""Errors of training and evaluation that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence


class TrainingError(Exception):
    """Training or evaluation cannot go on; the message says what to change."""


class DataProblems(TrainingError):
    """The data set is not fit for training.

    `problems` lists every fault found, one sentence each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        super().__init__(f"The data has {count} problem{'s' if count != 1 else ''}.")
