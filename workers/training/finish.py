"""After training: export the weights, fit the confidence, score, write the model card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.pipeline.captioner import Captioner
from workers.pipeline.config import CaptionerConfig
from workers.pipeline.weights import CONFIG_FILE, TIED, save_captioner
from workers.training.calibrate import fit, reliability, samples_of
from workers.training.card import write_card
from workers.training.config import TrainingConfig
from workers.training.evaluate import Predictions, evaluation_report, predict, score
from workers.training.prepare import Prepared, Report
from workers.training.runs import Run, git_revision

CAPTIONS_FOR_CALIBRATION = 3


def finish(
    prepared: Prepared, run: Run, output: Path, best: float, report: Report = print
) -> dict[str, Any]:
    """Turn the trained network into a model directory; returns the evaluation that its card shows.

    The confidence is fitted on every other validation photo and judged on the rest. Fitting changes
    no caption, so the same predictions are scored.
    """
    split = prepared.config.data.validation
    save_captioner(output, prepared.network, prepared.tokenizer, prepared.config.model)
    report(
        f"The weights are in {output}; captioning {len(prepared.validation):,} photos of {split}."
    )
    predictions = predict(
        Captioner.from_pretrained(output), prepared.dataset, split, num=CAPTIONS_FOR_CALIBRATION
    )
    run.write_predictions(predictions)
    judged = calibrate(output, predictions)
    captioner = Captioner.from_pretrained(output)
    evaluation = evaluation_report(captioner, predictions, score(predictions), split, "beam")
    report(f"{evaluation['metrics']}, expected calibration error {judged['ece']}.")
    facts = card_facts(prepared, run, best) | {"evaluation": evaluation, "reliability": judged}
    write_card(output, captioner.config, facts)
    text = json.dumps(facts, indent=2) + "\n"
    (run.folder / "evaluation.json").write_text(text, encoding="utf-8")
    return evaluation


def calibrate(output: Path, predictions: Predictions) -> dict[str, Any]:
    """Fit on every other photo, write the result into config.json, judge it on the others."""
    config = CaptionerConfig.load(output / CONFIG_FILE)
    calibration = fit(samples_of(predictions.rows[::2]), config.calibration.levels)
    fitted = replace(config, calibration=calibration)
    (output / CONFIG_FILE).write_text(fitted.to_json(), encoding="utf-8")
    return reliability(samples_of(predictions.rows[1::2]), calibration)


def card_facts(prepared: Prepared, run: Run, best: float) -> dict[str, Any]:
    """What the card says about data and training."""
    config = prepared.config
    logged = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    steps = max(json.loads(line)["step"] for line in logged)
    parameters = sum(
        value.numel() for name, value in prepared.network.state_dict().items() if name != TIED
    )
    return {
        "parameters": round(parameters / 1e6, 1),
        "training_photos": f"{len(prepared.training):,}",
        "seed": config.seed,
        "git": git_revision(),
        "steps": f"{steps:,}",
        "max_epochs": config.train.epochs,
        "best": round(best, 3),
        "command": (
            f"python manage.py evaluate_captioner --data {config.data.path}"
            f" --split {config.data.validation} --json"
        ),
        "pretraining": _pretraining(config),
    }


def _pretraining(config: TrainingConfig) -> str:
    if not config.tokenizer.extra_text and not config.pretrain.epochs:
        return ""
    use = (
        "The decoder was pre-trained and its tokenizer learned"
        if config.pretrain.epochs
        else "The tokenizer was learned"
    )
    return (
        f"{use} on caption sentences of Flickr30k, COCO and Conceptual Captions without photos;"
        " sentences of the evaluation splits were removed beforehand."
    )
