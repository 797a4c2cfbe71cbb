"""Evaluation and calibration: official metrics, what is left out, honest confidence."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.workers.training.conftest import rows_of_colours, write_rows
from workers.pipeline.scoring import confidence
from workers.training.calibrate import Sample, content_precision, fit, reliability
from workers.training.cli_evaluate import EvaluationOptions, evaluate_command
from workers.training.metrics import plain_scores

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")


def evaluate(model: Path, data: Path, split: str, **options: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    options = {"as_json": True} | options
    code = evaluate_command(EvaluationOptions(model, data, split, **options), out, err)
    return code, out.getvalue(), err.getvalue()


@needs_java
def test_the_official_metrics_of_a_tarred_data_set(tiny_model, dataset_tar, capfd):
    code, out, err = evaluate(tiny_model, dataset_tar, "val")
    assert (code, err) == (0, "")
    assert capfd.readouterr().out == ""
    report = json.loads(out)
    assert set(report["metrics"]) == {
        "BLEU-1",
        "BLEU-2",
        "BLEU-3",
        "BLEU-4",
        "METEOR",
        "ROUGE-L",
        "CIDEr",
    }
    assert report["metrics"]["BLEU-1"] > 0.9
    assert (report["photos"], report["references"], report["failed"]) == (6, 24, {})
    assert (report["model"], report["split"], report["strategy"]) == ("tiny", "val", "beam")


@pytest.fixture
def scored(monkeypatch) -> None:
    """The official tools replaced, for what is not about them."""
    monkeypatch.setattr("workers.training.evaluate.official_scores", plain_scores)


@pytest.mark.usefixtures("scored")
def test_missing_and_bad_pictures_are_listed_and_left_out(tiny_model, dataset_folder):
    (dataset_folder / "images" / "red-50.jpg").unlink()
    (dataset_folder / "images" / "blue-50.jpg").write_bytes(b"junk")
    code, out, err = evaluate(tiny_model, dataset_folder, "val")
    assert code == 0
    assert json.loads(out)["failed"] == {"red-50.jpg": "missing", "blue-50.jpg": "photo_unreadable"}
    assert json.loads(out)["photos"] == 4
    assert "red-50.jpg: missing, left out." in err


@pytest.mark.usefixtures("scored")
def test_limit_and_any_split_name(tiny_model, dataset_folder):
    rows = [row | {"split": "held out"} for row in rows_of_colours()]
    write_rows(dataset_folder, rows)
    code, out, _ = evaluate(tiny_model, dataset_folder, "held out", limit=5, strategy="greedy")
    assert (code, json.loads(out)["photos"]) == (0, 5)


@pytest.mark.usefixtures("scored")
def test_another_caption_file_and_photos_left_out(tiny_model, dataset_folder):
    lines = [json.dumps(row | {"split": "all"}) for row in rows_of_colours()]
    (dataset_folder / "other.jsonl").write_text("\n".join(lines), encoding="utf-8")
    other = {"captions_file": "other.jsonl"}
    assert json.loads(evaluate(tiny_model, dataset_folder, "all", **other)[1])["photos"] == 12
    other["exclude"] = ["captions.jsonl:train"]
    report = json.loads(evaluate(tiny_model, dataset_folder, "all", **other)[1])
    assert (report["photos"], report["excluded"]) == (6, ["captions.jsonl:train"])
    assert set(report["intervals"]) == set(report["metrics"])
    assert report["slices"]["people"] == {"photos": 0}


@pytest.mark.usefixtures("scored")
def test_confidence_is_judged_and_drawn(tiny_model, dataset_folder, tmp_path):
    figures = tmp_path / "figures"
    code, out, _ = evaluate(tiny_model, dataset_folder, "val", figures=figures, as_json=False)
    assert code == 0
    assert "expected calibration error" in out
    assert {path.name for path in figures.iterdir()} == {
        "reliability-en-beam.png",
        "reliability-en-beam.svg",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "tr"}, "does not write 'tr'"),
        ({"exclude": ["captions.jsonl"]}, "is not FILE:SPLIT"),
        ({"exclude": ["captions.jsonl:test"]}, "no split 'test'"),
        ({"exclude": ["captions.jsonl:val"]}, "Every photo"),
    ],
)
def test_what_cannot_be_evaluated_is_said(tiny_model, dataset_folder, options, message):
    code, out, err = evaluate(tiny_model, dataset_folder, "val", **options)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("split", "folder", "message"),
    [("test", None, "no split 'test'"), ("val", "nowhere", "does not exist")],
)
def test_usage_errors(tiny_model, dataset_folder, split, folder, message):
    data = dataset_folder / folder if folder else dataset_folder
    code, out, err = evaluate(tiny_model, data, split)
    assert (code, out) == (2, "")
    assert message in err


def test_without_java_there_are_no_metrics(tiny_model, dataset_folder, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    code, out, err = evaluate(tiny_model, dataset_folder, "val", limit=1)
    assert (code, out) == (2, "")
    assert "need Java" in err


def test_content_precision_ignores_function_words():
    references = ["A brown dog runs on grass .", "The dog is in a field"]
    assert content_precision("A dog runs in the field.", references) == 1.0
    assert content_precision("A dog sleeps.", references) == 0.5
    assert content_precision("On the.", references) == 0.0


def test_turkish_words_are_compared_without_their_endings():
    references = ["Köpeğin ağzında kırmızı bir top."]
    assert content_precision("Kırmızı topla oynayan köpekler.", references, "tr") == 0.5
    assert content_precision("Kırmızı topla oynayan köpekler.", references, "en") == 0.25


def test_calibration_recovers_a_known_logistic_and_is_calibrated():
    chance = np.random.default_rng(1)
    scores = chance.uniform(-3, 0, 20000)
    good = chance.uniform(size=20000) < 1 / (1 + np.exp(-(2 * scores + 1.5)))
    samples = [
        Sample(float(s), bool(g), i) for i, (s, g) in enumerate(zip(scores, good, strict=True))
    ]
    calibration = fit(samples[::2], (0.4, 0.7))
    assert calibration.scale == pytest.approx(2, abs=0.15)
    assert calibration.offset == pytest.approx(1.5, abs=0.15)
    judged = reliability(samples[1::2], calibration, resamples=50)
    assert judged["ece"] < 0.02
    assert sum(row["captions"] for row in judged["bins"]) == 10000
    assert judged["ece_interval"][0] <= judged["ece_interval"][1] < 0.03
    shares = [judged["levels"][name]["good"] for name in ("low", "medium", "high")]
    assert shares == sorted(shares)


@pytest.mark.parametrize("good", [True, False])
def test_calibration_survives_samples_that_are_all_alike(good):
    calibration = fit([Sample(-0.1 * i, good) for i in range(1, 20)], (0.4, 0.7))
    assert calibration.scale > 0
    assert (confidence(-1.0, calibration) > 0.5) == good


def test_calibration_never_ranks_upside_down():
    samples = [Sample(-0.1, False), Sample(-0.2, False), Sample(-3.0, True), Sample(-4.0, True)]
    assert fit(samples, (0.4, 0.7)).scale > 0
