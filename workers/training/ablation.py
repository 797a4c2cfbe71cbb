"""Running a study: every variant with every seed through the ordinary training, then one table."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workers.training.cli import train
from workers.training.config import TrainingConfig
from workers.training.errors import TrainingError
from workers.training.metrics import official_scores, plain_scores
from workers.training.prepare import Report, prepare
from workers.training.report.table import table_of, write_table
from workers.training.runs import Run, git_revision
from workers.training.scores import ImageScores
from workers.training.study import Study, write_subset
from workers.training.validation import captions_from_features


@dataclass(frozen=True)
class RunResult:
    """One finished run: its scores per validation photo, and the facts of its .json file."""

    scores: ImageScores
    facts: dict[str, Any]


def run_study(study: Study, *, official: bool = True, report: Report = print) -> dict[str, Any]:
    """Run what is not finished yet, then write and return the table.

    `official` scores with pycocoevalcap's tokenizer and METEOR (Java); otherwise words are split
    plainly. Raises `TrainingError` when a finished run was made with another config.
    """
    write_subset(study)
    results: dict[str, list[RunResult]] = {}
    for variant in study.variants:
        for seed in study.seeds:
            result = run_one(study, variant, seed, official=official, report=report)
            results.setdefault(variant, []).append(result)
    scores = {name: [run.scores for run in runs] for name, runs in results.items()}
    facts = {name: [run.facts for run in runs] for name, runs in results.items()}
    table = table_of(scores, facts, study.reference)
    write_table(study, table)
    return table


def run_one(
    study: Study, variant: str, seed: int, *, official: bool = True, report: Report = print
) -> RunResult:
    """One variant with one seed: from its result where there is one, else trained and scored."""
    config = study.config(variant, seed)
    place = study.path / "results" / config.name
    wanted = {"config": json.loads(json.dumps(config.to_dict())), "official": official}
    stored = place.with_suffix(".json")
    if stored.is_file():
        facts = json.loads(stored.read_text(encoding="utf-8"))
        # A key added since then stands at the default that the run had.
        earlier = TrainingConfig.from_dict(facts["config"])
        facts["config"] = json.loads(json.dumps(earlier.to_dict()))
        if any(facts[key] != value for key, value in wanted.items()):
            raise TrainingError(
                f"{stored} comes from another config: remove it and the run, or rename the variant."
            )
        return RunResult(ImageScores.load(place.with_suffix(".npz")), facts)
    report(f"{config.name}: training.")
    started = time.perf_counter()
    resumed = Run(config).checkpoint_path.is_file()
    best = train(config, resume=resumed, report=report)
    seconds = time.perf_counter() - started
    scores, described = score_run(config, official=official)
    facts = wanted | described | {"best": round(best, 4), "git": git_revision(), "resumed": resumed}
    facts["seconds"] = round(seconds, 1)
    place.parent.mkdir(parents=True, exist_ok=True)
    scores.save(place.with_suffix(".npz"))
    # The facts come last, so that a run with facts is a whole one.
    stored.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    report(f"{config.name}: {facts['metrics']} after {seconds:.0f} s.")
    return RunResult(scores, facts)


def score_run(config: TrainingConfig, *, official: bool) -> tuple[ImageScores, dict[str, Any]]:
    """Caption the validation photos of the first language with the run's best weights."""
    run = Run(config)
    prepared = prepare(config, run, report=lambda line: None)
    best = torch.load(run.best_path, map_location="cpu", weights_only=True)
    prepared.network.load_state_dict(best)
    language = prepared.languages[0]
    rows = prepared.validation_of(language)
    written = captions_from_features(prepared, rows, language)
    candidates = {str(number): text for number, text in enumerate(written)}
    references = {str(number): list(row.captions) for number, row in enumerate(rows)}
    score = official_scores if official else plain_scores
    scores = score(references, candidates, language)
    _write_captions(run.folder / "captions.jsonl", [row.file for row in rows], candidates)
    parameters = sum(p.numel() for p in prepared.network.parameters() if p.requires_grad)
    figures = {name: round(value, 4) for name, value in scores.figures().items()}
    return scores, {
        "metrics": figures,
        "language": language,
        "photos": len(rows),
        "training_photos": len(prepared.training),
        "parameters": parameters,
    }


def _write_captions(path: Path, files: list[str], candidates: dict[str, str]) -> None:
    lines = [
        json.dumps({"file": file, "caption": text}, ensure_ascii=False)
        for file, text in zip(files, candidates.values(), strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
