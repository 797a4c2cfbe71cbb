"""The learning-rate finder: one sweep from a tiny to a huge rate, and what the loss does."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from workers.training.batches import Batch
from workers.training.objectives import Objective
from workers.training.prepare import Prepared, Report
from workers.training.processes import Processes
from workers.training.registry import build_objective
from workers.training.runs import Run
from workers.training.stepper import Stepper

LOW, HIGH, STEPS = 1e-6, 1.0, 100
# Of the loss before in the smoothed loss; and how far that may rise over its lowest.
SMOOTHING, DIVERGED = 0.9, 4.0
NAME = "rate-finder"


def find_rate(
    prepared: Prepared,
    run: Run,
    processes: Processes,
    report: Report = print,
    steps: int = STEPS,
) -> dict[str, Any]:
    """Train `prepared.network`, which is spoilt by it, while the rate grows exponentially.

    Smith, "Cyclical Learning Rates for Training Neural Networks", 2017. The heads' rate keeps its
    ratio to the decoder's. Writes rate-finder.json and rate-finder.png into the run's folder, and
    returns what the former holds.
    """
    objective = build_objective(prepared, report)
    rates, losses = _sweep(prepared, objective, processes, steps)
    smooth = smoothed(losses)
    found = {
        "suggestion": suggest(rates, smooth),
        "rule": "a tenth of the rate at which the smoothed loss is lowest",
        "rates": rates,
        "losses": losses,
        "smoothed": smooth,
    }
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / f"{NAME}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    _draw(found, run.folder / f"{NAME}.png")
    report(
        f"Suggested train.learning_rate: {found['suggestion']:.1e}, {found['rule']}"
        f" (see {run.folder / NAME}.png)."
    )
    return found


def smoothed(losses: Sequence[float]) -> list[float]:
    """Exponential mean of the losses so far, without the pull of its start at zero."""
    mean, result = 0.0, []
    for number, loss in enumerate(losses, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        result.append(mean / (1 - SMOOTHING**number))
    return result


def suggest(rates: Sequence[float], smooth: Sequence[float]) -> float:
    """A tenth of the rate at which the smoothed loss is lowest.

    There it still falls steeply; at the lowest point itself training is about to diverge.
    """
    lowest = min(range(len(smooth)), key=smooth.__getitem__)
    return rates[lowest] / 10


def _sweep(
    prepared: Prepared, objective: Objective, processes: Processes, steps: int
) -> tuple[list[float], list[float]]:
    """The rates tried and the loss before each step; stops where the loss has diverged."""
    settings = prepared.config.train
    rates = [LOW * (HIGH / LOW) ** (step / max(1, steps - 1)) for step in range(steps)]
    stepper = Stepper(
        prepared.network,
        objective,
        settings,
        lambda step: rates[min(step, steps - 1)] / settings.learning_rate,
        processes,
    )
    prepared.network.train()
    losses: list[float] = []
    for group in _groups(prepared, steps):
        losses.append(stepper.step(group))
        smooth = smoothed(losses)
        if not math.isfinite(losses[-1]) or smooth[-1] > DIVERGED * min(smooth):
            break
    finite = [loss for loss in losses if math.isfinite(loss)]
    return rates[: len(finite)], finite


def _groups(prepared: Prepared, steps: int) -> Iterator[list[Batch]]:
    """The batches of `steps` optimizer steps, over as many epochs as that takes."""
    batches = prepared.batches()
    endless = (batch for epoch in count() for batch in batches.epoch(epoch))
    for _ in range(steps):
        yield [next(endless) for _ in range(prepared.config.train.accumulate)]


def _draw(found: dict[str, Any], path: Path) -> None:
    """Loss over rate, with the suggestion as a line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot(found["rates"], found["losses"], color="#c6dbe5", linewidth=0.8, label="loss")
    axes.plot(found["rates"], found["smoothed"], color="#0b6e99", label="smoothed")
    suggestion = found["suggestion"]
    axes.axvline(suggestion, color="#24292f", linestyle="--", label=f"{suggestion:.1e}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
