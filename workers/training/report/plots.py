"""Diagrams for people: reliability of confidence, and size against speed against quality."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.training.errors import TrainingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, ACCENT, PALE = "#24292f", "#0b6e99", "#c6dbe5"
POINT_KEYS = ("name", "megabytes", "images_per_second", "cider")


def reliability_diagram(judged: Mapping[str, Mapping[str, Any]], path: Path, title: str) -> Path:
    """Draw `reliability` findings, one panel per name: the share of good captions per bin.

    The diagonal is perfect calibration; pale bars show how many captions fall in a bin. PNG or SVG
    by the path's suffix.
    """
    figure = _figure(3.4 * len(judged), 3.8)
    for number, (name, findings) in enumerate(judged.items(), start=1):
        _reliability_panel(figure.add_subplot(1, len(judged), number), name, findings)
    figure.suptitle(title, fontsize=11, color=INK)
    return _save(figure, path)


def _reliability_panel(axes: Axes, name: str, findings: Mapping[str, Any]) -> None:
    bins = findings["bins"]
    total = sum(row["captions"] for row in bins)
    shares = [row["captions"] / total for row in bins]
    middles = [row["from"] + 0.05 for row in bins]
    axes.bar(middles, shares, width=0.095, color=PALE, label="share of captions")
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--", label="perfect")
    confidences = [row["confidence"] for row in bins]
    good = [row["good"] for row in bins]
    axes.plot(confidences, good, color=ACCENT, marker="o", markersize=4, label="measured")
    low, high = findings["ece_interval"]
    axes.set_title(f"{name}: ECE {findings['ece']:.3f} [{low:.3f}, {high:.3f}]", fontsize=9)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share of good captions")
    axes.legend(fontsize=7, loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def read_points(path: Path) -> list[dict[str, Any]]:
    """The points of `size_speed_quality` from a JSON file: a list of objects with `POINT_KEYS`.

    Raises `TrainingError` naming what is missing.
    """
    try:
        points = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read: {error}.") from error
    if not isinstance(points, list) or not points:
        raise TrainingError(f"{path} must hold a list of points.")
    for number, point in enumerate(points, start=1):
        missing = [key for key in POINT_KEYS if not isinstance(point, dict) or key not in point]
        if missing:
            raise TrainingError(f"{path}, point {number} lacks {', '.join(missing)}.")
    return points


def size_speed_quality(points: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Draw models as dots: size (MB) across, speed (images/s) upwards, CIDEr as area and number.

    Both axes are logarithmic, since models differ by factors. PNG or SVG by the path's suffix.
    """
    figure = _figure(6.4, 4.4)
    axes = figure.add_subplot()
    best = max(point["cider"] for point in points)
    for number, point in enumerate(points):
        where = (point["megabytes"], point["images_per_second"])
        area = 40 + 360 * (max(point["cider"], 0) / best if best > 0 else 0) ** 2
        axes.scatter(*where, s=area, color=ACCENT, alpha=0.55, edgecolors=INK, linewidths=0.6)
        label = f"{point['name']}\nCIDEr {point['cider']:.3f}"
        # By turns above and below, since forms of one model often lie on one spot.
        offset = (9, 7) if number % 2 == 0 else (9, -22)
        axes.annotate(label, where, xytext=offset, textcoords="offset points", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="size of the weights (MB)", ylabel="images / s")
    _roomy(axes, points)
    axes.grid(which="major", linewidth=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return _save(figure, path)


def _roomy(axes: Axes, points: Sequence[Mapping[str, Any]]) -> None:
    """Leave room for labels: half below and three times above the extremes."""

    def span(values: Iterable[float]) -> tuple[float, float]:
        held = list(values)
        return min(held) / 2, max(held) * 3

    axes.set_xlim(*span(point["megabytes"] for point in points))
    axes.set_ylim(*span(point["images_per_second"] for point in points))


def _figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that draws without a screen.

    matplotlib is imported here because it takes a second that most commands need not spend.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date, the same findings give the same file.
    metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    figure.savefig(path, dpi=150, metadata=metadata)
    return path
