"""The training objectives by name."""

from __future__ import annotations

from workers.training.distill import Distillation
from workers.training.errors import TrainingError
from workers.training.objectives import CrossEntropy, Objective, SelfCritical
from workers.training.prepare import Prepared, Report


def build_objective(prepared: Prepared, report: Report = print) -> Objective:
    """The objective that `train.objective` names; raises `TrainingError` for an unknown one."""
    config, tokenizer = prepared.config, prepared.tokenizer
    name = config.train.objective
    if name == "cross-entropy":
        return CrossEntropy(config, tokenizer)
    if name == "self-critical":
        return SelfCritical(config, tokenizer, prepared.training)
    if name == "distillation":
        return Distillation(prepared, report)
    raise TrainingError(
        f"Unknown objective {name!r}: choose cross-entropy, self-critical or distillation."
    )
