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
from workers.training.evaluate import evaluation_report, predict, score
from workers.training.prepare import Prepared, Report
from workers.training.runs import Run, git_revision

CAPTIONS_FOR_CALIBRATION = 3


def finish(
    prepared: Prepared, run: Run, output: Path, best: float, report: Report = print
) -> dict[str, Any]:
    """Turn the trained network into a model directory.

    Returns the evaluation that its card shows.
    """
    config = prepared.config
    save_captioner(output, prepared.network, prepared.tokenizer, config.model)
    report(f"Weights are in {output}; calibrating on {config.data.validation}.")
    judged = calibrate(output, prepared, report)
    captioner = Captioner.from_pretrained(output)
    predictions = predict(captioner, prepared.dataset, config.data.validation)
    evaluation = evaluation_report(
        captioner, predictions, score(predictions), config.data.validation, "beam"
    )
    facts = card_facts(config, prepared, run, best) | {
        "evaluation": evaluation,
        "reliability": judged,
    }
    write_card(output, captioner.config, facts)
    (run.folder / "evaluation.json").write_text(
        json.dumps(facts, indent=2) + "\n", encoding="utf-8"
    )
    return evaluation


def calibrate(output: Path, prepared: Prepared, report: Report = print) -> dict[str, Any]:
    """Fit on every other validation photo, write config.json, judge on the rest."""
    config = CaptionerConfig.load(output / CONFIG_FILE)
    captioner = Captioner.from_pretrained(output)
    predictions = predict(
        captioner, prepared.dataset, prepared.config.data.validation, num=CAPTIONS_FOR_CALIBRATION
    )
    calibration = fit(samples_of(predictions.rows[::2]), config.calibration.levels)
    config = replace(config, calibration=calibration)
    (output / CONFIG_FILE).write_text(config.to_json(), encoding="utf-8")
    judged = reliability(samples_of(predictions.rows[1::2]), calibration)
    report(f"Expected calibration error {judged['ece']}.")
    return judged


def card_facts(config: TrainingConfig, prepared: Prepared, run: Run, best: float) -> dict[str, Any]:
    """What the card says about data and training."""
    epochs = sum(
        '"event": "epoch"' in line
        for line in (run.folder / "metrics.jsonl").read_text().splitlines()
    )
    parameters = sum(
        value.numel() for name, value in prepared.network.state_dict().items() if name != TIED
    )
    return {
        "parameters": round(parameters / 1e6, 1),
        "training_photos": f"{len(prepared.training):,}",
        "seed": config.seed,
        "git": git_revision(),
        "epochs": epochs,
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
