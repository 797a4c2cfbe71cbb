"""The logic of `manage.py ablate_captioner`, without Django."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from workers.training.ablation import run_study
from workers.training.console import run_reported
from workers.training.errors import TrainingError
from workers.training.prepare import Report
from workers.training.report.table import markdown
from workers.training.study import Study


def ablate_command(
    path: Path,
    *,
    only: tuple[str, ...] = (),
    official: bool = True,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
) -> int:
    """Run a study and print its table; `only` names variants to run besides the reference.

    0 on success, 1 when the data has problems, 2 for a study that is not usable.
    """

    def work(report: Report) -> None:
        study = _narrowed(Study.load(path), only)
        table = run_study(study, official=official, report=report)
        out.write(f"\n{markdown(study, table)}\n")

    return run_reported(work, out, err)


def _narrowed(study: Study, only: tuple[str, ...]) -> Study:
    """The study with fewer variants; raises `TrainingError` for one that it lacks."""
    unknown = [name for name in only if name not in study.variants]
    if unknown:
        known = ", ".join(study.variants)
        raise TrainingError(f"{study.name} has no variant {', '.join(unknown)}; it has {known}.")
    if not only:
        return study
    kept = {name: keys for name, keys in study.variants.items() if name in (*only, study.reference)}
    return Study(
        study.name, study.folder, study.base, study.reference, study.seeds, kept, study.photos
    )
