"""The table of a study: mean, spread over seeds, interval over images, gap to the reference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workers.training.report.bootstrap import RESAMPLES, intervals, paired_differences
from workers.training.scores import ImageScores
from workers.training.study import Study

SHOWN = ("CIDEr", "BLEU-4")


def table_of(
    scores: Mapping[str, Sequence[ImageScores]],
    facts: Mapping[str, Sequence[Mapping[str, Any]]],
    reference: str,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Variant to findings.

    `mean` and `deviation` (sample standard deviation, None for one seed) are over seeds;
    `intervals` resample the images, the mean over seeds within each resample; `difference` is to
    the reference on the same resamples (`workers.training.report.bootstrap`).
    """
    found: dict[str, Any] = {}
    for variant, runs in scores.items():
        each = [run.figures() for run in runs]
        values = {name: np.array([figures[name] for figures in each]) for name in each[0]}
        several = len(runs) > 1
        entry: dict[str, Any] = {
            "seeds": [item["config"]["seed"] for item in facts[variant]],
            "mean": {name: round(float(v.mean()), 4) for name, v in values.items()},
            "deviation": {
                name: round(float(v.std(ddof=1)), 4) if several else None
                for name, v in values.items()
            },
            "intervals": intervals(runs, resamples),
            "seconds": round(float(np.mean([item["seconds"] for item in facts[variant]])), 1),
            "photos": facts[variant][0]["photos"],
            "training_photos": facts[variant][0]["training_photos"],
        }
        if variant != reference:
            entry["difference"] = paired_differences(runs, scores[reference], resamples)
        found[variant] = entry
    return found


def write_table(study: Study, table: Mapping[str, Any]) -> None:
    """Write table.json and table.md into the study's folder."""
    text = json.dumps({"reference": study.reference, "variants": table}, indent=2)
    (study.path / "table.json").write_text(text + "\n", encoding="utf-8")
    (study.path / "table.md").write_text(markdown(study, table), encoding="utf-8")


def markdown(study: Study, table: Mapping[str, Any]) -> str:
    """The table for people, with what it was made from."""
    first = next(iter(table.values()))
    head = ["variant", *(f"{name} (sd)" for name in SHOWN), "CIDEr, 95 %"]
    head += [f"CIDEr - {study.reference}", "95 %", "s / run"]
    lines = [_row(head), _row(["---"] * len(head))]
    lines += [_row([variant, *_cells(entry)]) for variant, entry in table.items()]
    about = (
        f"{len(study.seeds)} seed(s) each; {first['training_photos']:,} training and"
        f" {first['photos']:,} validation photos; mean over seeds (standard deviation over seeds)."
        f" Intervals: {RESAMPLES:,} bootstrap resamples of the images; differences are paired."
    )
    return "\n".join([f"# {study.name}", "", about, "", *lines, ""])


def _cells(entry: Mapping[str, Any]) -> list[str]:
    cells = []
    for name in SHOWN:
        deviation = entry["deviation"][name]
        spread = "" if deviation is None else f" ({deviation:.3f})"
        cells.append(f"{entry['mean'][name]:.3f}{spread}")
    cells.append(_span(entry["intervals"]["CIDEr"]))
    gap = entry.get("difference", {}).get("CIDEr")
    cells += ["", ""] if gap is None else [f"{gap['difference']:+.3f}", _span(gap["interval"])]
    return [*cells, f"{entry['seconds']:.0f}"]


def _span(interval: Sequence[float]) -> str:
    return f"[{interval[0]:.3f}, {interval[1]:.3f}]"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
