"""The model card: every language, every strategy, the terms of the data, and nothing left open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.workers.tiny import tiny_config
from workers.training.card import write_card

METRICS = {"BLEU-4": 0.25, "CIDEr": 0.6125}
SPANS = {"BLEU-4": [0.2, 0.3], "CIDEr": [0.55, 0.68]}


def evaluation(language: str) -> dict[str, Any]:
    return {
        "language": language,
        "metrics": METRICS,
        "intervals": SPANS,
        "photos": 1231,
        "references": 6155,
        "split": "val",
        "revision": "abc123",
        "command": f"python manage.py evaluate_captioner --language {language}",
        "slices": {
            "people": {"photos": 700, "metrics": METRICS, "intervals": SPANS},
            "left or right": {"photos": 3},
        },
    }


def judged() -> dict[str, Any]:
    return {
        "ece": 0.0512,
        "ece_interval": [0.04, 0.07],
        "captions": 1500,
        "mean_confidence": 0.44,
        "mean_good": 0.46,
        "bins": [{"from": 0.3, "captions": 10, "confidence": 0.35, "good": 0.4}],
        "levels": {name: {"captions": 5, "good": 0.5} for name in ("low", "medium", "high")},
        "shared": {"ece": 0.0333, "ece_interval": [0.02, 0.05]},
    }


def facts(*languages: str) -> dict[str, Any]:
    return {
        "parameters": 10.2,
        "training_photos": dict.fromkeys(languages, 5560),
        "held_out": 200,
        "seed": 7,
        "git": "0123abc",
        "steps": "2,000",
        "max_epochs": 8,
        "best": 0.55,
        "text": {"en": "tokenizer"},
        "started_from": "models/old",
        "evaluations": {language: evaluation(language) for language in languages},
        "confidence": {
            language: {strategy: judged() for strategy in ("beam", "nucleus", "greedy")}
            for language in languages
        },
    }


@pytest.fixture
def card(tmp_path: Path) -> str:
    config = tiny_config(languages=("en", "tr"))
    return write_card(tmp_path, config, facts("en", "tr")).read_text(encoding="utf-8")


def test_both_languages_have_figures_with_intervals(card: str):
    assert "English: 1,231 photos" in card
    assert "Turkish: 1,231 photos" in card
    assert card.count("| [0.200, 0.300] | [0.550, 0.680] |") == 2
    assert "--language tr" in card
    assert "METEOR is left out" in card
    assert "| tr | people | 700 | 0.250 | 0.613 | [0.550, 0.680] |" in card
    assert "| en | left or right | 3 | too few |" in card


def test_every_strategy_has_its_calibration(card: str):
    assert "| en | nucleus | 1500 | 0.44 | 0.46 | 0.051 | [0.040, 0.070] | 0.033 |" in card
    assert "| tr | 0.3 to 0.4 | 10 | 0.35 | 0.40 |" in card


def test_the_terms_of_all_data_are_told(card: str):
    assert "JAIR 47" in card
    assert "TasvirEt" in card
    assert "No licence was found" in card
    assert "200 photos that one language validates on" in card
    assert "started from `models/old`" in card
    assert "$" not in card


def test_an_english_model_says_nothing_of_turkish(tmp_path: Path):
    text = write_card(tmp_path, tiny_config(), facts("en")).read_text(encoding="utf-8")
    assert "Turkish:" not in text
    assert "TasvirEt" not in text
