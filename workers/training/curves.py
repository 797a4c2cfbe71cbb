"""Loss, validation CIDEr and learning rate of a run, drawn from its metrics.jsonl."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0b6e99", "#b35900", "#4b7f3f", "#7a4b9d")
Points = list[tuple[float, float]]


def read_epochs(metrics: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl about epochs, in order; none where there is no file."""
    if not metrics.is_file():
        return []
    lines = metrics.read_text(encoding="utf-8").splitlines()
    return [event for line in lines if (event := json.loads(line))["event"] == "epoch"]


def draw_curves(folder: Path) -> list[Path]:
    """Write curves.png and curves.svg of the run in `folder`; nothing before its first epoch."""
    epochs = read_epochs(folder / "metrics.jsonl")
    if not epochs:
        return []
    # matplotlib takes a second to import, which a run spends once.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = {
        "loss": {"train": [(event["epoch"], event["loss"]) for event in epochs]},
        "validation CIDEr": languages_of(epochs),
        "learning rate": rates_of(epochs),
    }
    shown = {label: curves for label, curves in panels.items() if curves}
    for axes, (label, curves) in zip(
        figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True
    ):
        _panel(axes, label, curves)
    paths = [folder / "curves.png", folder / "curves.svg"]
    for path in paths:
        # Without a date, the same run gives the same file.
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, dpi=110, metadata=metadata)
    return paths


def languages_of(epochs: Sequence[dict[str, Any]]) -> dict[str, Points]:
    """CIDEr by epoch for each language; epochs without validation are left out."""
    curves: dict[str, Points] = defaultdict(list)
    for event in epochs:
        for language, score in (event.get("languages") or {}).items():
            curves[language].append((event["epoch"], score))
    return dict(curves)


def rates_of(epochs: Sequence[dict[str, Any]]) -> dict[str, Points]:
    """Learning rate at the end of each epoch by part of the network; older runs logged none."""
    curves: dict[str, Points] = defaultdict(list)
    for event in epochs:
        for part, rate in (event.get("rates") or {}).items():
            curves[part].append((event["epoch"], rate))
    return dict(curves)


def _panel(axes: Axes, label: str, curves: dict[str, Points]) -> None:
    for colour, (name, points) in zip(COLOURS, curves.items(), strict=False):
        steps, values = zip(*points, strict=True)
        axes.plot(steps, values, color=colour, marker=".", linewidth=1.2, label=name)
    axes.set(xlabel="epoch", ylabel=label)
    axes.grid(linewidth=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if curves:
        axes.legend(fontsize=8, frameon=False)
