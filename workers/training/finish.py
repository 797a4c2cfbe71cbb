"""After training: export the weights, fit the confidence, score, write the model card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

from workers.pipeline.captioner import Captioner
from workers.pipeline.config import CalibrationConfig, CaptionerConfig
from workers.pipeline.contract import STRATEGIES, Language, Strategy
from workers.pipeline.weights import CONFIG_FILE, TIED, save_captioner
from workers.training.calibrate import fit, samples_of
from workers.training.card import write_card
from workers.training.config import TrainingConfig
from workers.training.evaluate import Predictions, evaluation_report, predict, score
from workers.training.prepare import Prepared, Report
from workers.training.report.confidence import CAPTIONS, fitting_half, judge
from workers.training.report.plots import reliability_diagram
from workers.training.runs import Run, git_revision

METRICS_FILE = "metrics.json"


def finish(
    prepared: Prepared, run: Run, output: Path, best: float, report: Report = print
) -> dict[str, Any]:
    """Turn the trained network into a model directory; returns what its card says.

    The confidence is fitted on every other validation photo and judged on the rest. Fitting changes
    no caption, so the same predictions are scored.
    """
    save_captioner(output, prepared.network, prepared.tokenizer, prepared.config.model)
    report(f"The weights are in {output}; captioning the validation photos.")
    captioner = Captioner.from_pretrained(output)
    predictions = [
        _predict(captioner, prepared, language, strategy, report)
        for language in prepared.languages
        for strategy in STRATEGIES
    ]
    beams = [item for item in predictions if item.strategy == "beam"]
    run.write_predictions(_joined(beams))
    calibration = calibrate(output, predictions)
    judged = judge(predictions, calibration)
    captioner = Captioner.from_pretrained(output)
    evaluations: dict[str, Any] = {
        item.language: _evaluate(captioner, prepared, item) for item in beams
    }
    facts = card_facts(prepared, run, best) | {
        "evaluations": evaluations,
        "calibration": asdict(calibration),
        "confidence": judged,
    }
    write_card(output, captioner.config, facts)
    _write_metrics(output / METRICS_FILE, evaluations)
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (run.folder / "evaluation.json").write_text(text, encoding="utf-8")
    for language, strategies in judged.items():
        diagram = run.folder / f"reliability-{language}.png"
        reliability_diagram(strategies, diagram, f"{captioner.name}, {language}")
        beam = strategies["beam"]["ece"]
        report(f"{language}: {evaluations[language]['metrics']}, calibration error {beam}.")
    return facts


def _predict(
    captioner: Captioner, prepared: Prepared, language: str, strategy: str, report: Report
) -> Predictions:
    """The captions of one language's validation photos by one strategy."""
    found = predict(
        captioner,
        prepared.dataset_of(language).store,
        prepared.validation_of(language),
        strategy=cast(Strategy, strategy),
        num=CAPTIONS,
        language=cast(Language, language),
    )
    report(f"{language}, {strategy}: {len(found.rows):,} photos in {found.seconds:.0f} s.")
    return found


def _write_metrics(path: Path, evaluations: dict[str, Any]) -> None:
    """The figures by language, for the registry of models."""
    figures = {language: found["metrics"] for language, found in evaluations.items()}
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _joined(predictions: Sequence[Predictions]) -> Predictions:
    """The rows of all languages, for the file that people look at."""
    rows = [row for item in predictions for row in item.rows]
    failed = {file: reason for item in predictions for file, reason in item.failed.items()}
    return Predictions(rows, failed, sum(item.seconds for item in predictions))


def calibrate(output: Path, predictions: Sequence[Predictions]) -> CalibrationConfig:
    """Fit on every other photo, and write the result into config.json.

    Each language and strategy gets a formula; the shared one comes from all beam captions.
    """
    config = CaptionerConfig.load(output / CONFIG_FILE)
    levels = config.calibration.levels
    samples = {
        (item.language, item.strategy): samples_of(fitting_half(item).rows, item.language)
        for item in predictions
    }
    beams = [one for (_, strategy), few in samples.items() if strategy == "beam" for one in few]
    fits = {
        f"{language}/{strategy}": (alone.scale, alone.offset)
        for (language, strategy), few in samples.items()
        for alone in [fit(few, levels)]
    }
    calibration = replace(fit(beams, levels), fits=fits)
    fitted = replace(config, calibration=calibration)
    (output / CONFIG_FILE).write_text(fitted.to_json(), encoding="utf-8")
    return calibration


def _evaluate(captioner: Captioner, prepared: Prepared, item: Predictions) -> dict[str, Any]:
    """The official figures of one language, with the command that gives them again."""
    section = prepared.config.data
    rows = prepared.dataset_of(item.language).rows
    others = [row for row in rows if row.split != section.validation]
    found = evaluation_report(captioner, item, score(item), section.validation, others)
    file = next(s.file for s in section.captions if s.language == item.language)
    found["command"] = (
        f"python manage.py evaluate_captioner --data {section.path} --captions-file {file}"
        f" --split {section.validation} --language {item.language} --json"
    )
    return found


def card_facts(prepared: Prepared, run: Run, best: float) -> dict[str, Any]:
    """What the card says about data and training."""
    config = prepared.config
    logged = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    steps = max(json.loads(line)["step"] for line in logged)
    parameters = sum(
        value.numel() for name, value in prepared.network.state_dict().items() if name != TIED
    )
    photos = {
        language: sum(bool(photo.captions.get(language)) for photo in prepared.training)
        for language in prepared.languages
    }
    return {
        "parameters": round(parameters / 1e6, 1),
        "training_photos": photos,
        "held_out": prepared.mixture.held_out,
        "seed": config.seed,
        "git": git_revision(),
        "steps": f"{steps:,}",
        "max_epochs": config.train.epochs,
        "best": round(best, 3),
        "text": _text_used(config),
        "started_from": config.init.model,
    }


def _text_used(config: TrainingConfig) -> dict[str, str]:
    """What sentences without photos were used for, by language."""
    uses = dict.fromkeys(config.tokenizer.extra_text, "tokenizer")
    if config.pretrain.epochs:
        language = config.pretrain.language
        both = language in uses
        uses[language] = "tokenizer and decoder pre-training" if both else "decoder pre-training"
    return uses
