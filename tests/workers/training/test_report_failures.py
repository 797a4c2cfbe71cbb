"""Failures: each rule on captions made for it, and a page that is safe to open."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from workers.pipeline.contract import CandidateCaption
from workers.training.cli_analyse import AnalysisOptions, analyse_command
from workers.training.data import CaptionedPhoto
from workers.training.evaluate import CaptionedRow, Predictions
from workers.training.report.failures import (
    MISSED,
    Evidence,
    grouped,
    hard_examples,
    judged_captions,
    reasons_for,
)
from workers.training.report.nouns import nouns_of
from workers.training.report.page import Shown, write_page
from workers.training.report.pictures import Pictures, overlay

HUMAN = ("A man in a red shirt holds two balls .", "A person with two balls .")
NOUNS = frozenset(["man", "woman", "dog", "shirt", "ball", "guitar", "bench"])


def reasons(caption: str, human: tuple[str, ...] = HUMAN, language: str = "en", times: int = 1):
    return reasons_for(Evidence(caption, human, language, NOUNS, times))


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A man in a red shirt holds two balls.", {}),
        ("A boy in a shirt plays a guitar.", {"hallucinated nouns": ["guitar"]}),
        ("A man in a blue shirt holds balls.", {"wrong colour": ["blue"]}),
        ("A man in a shirt holds three balls.", {"wrong count": ["three"]}),
        ("A woman in a red shirt walks.", {"wrong gender": ["woman"]}),
        ("A man in a red shirt and a red shirt.", {"repeated words": ["red", "shirt"]}),
        ("A person is near.", {"too generic": ["hardly a content word"]}),
    ],
)
def test_rules(caption: str, expected: dict[str, list[str]]):
    assert reasons(caption) == expected


def test_what_nobody_mentions_is_not_called_wrong():
    assert "wrong colour" not in reasons("A man in a green shirt sits.", ("A man sits .",))
    assert "wrong count" not in reasons("Two men sit down there.", ("Men sit .",))


def test_sentences_said_often_are_generic():
    said = reasons("A man in a red shirt holds two balls.", times=6)
    assert said == {"too generic": ["written for 6 photos"]}


def test_turkish_rules_see_through_endings():
    human = ("Kırmızı tişörtlü iki çocuk koşuyor.",)
    found = reasons("Mavi tişörtlü iki çocuğun köpeği koşuyor.", human, "tr")
    assert found == {"wrong colour": ["mavi"]}


def test_nouns_are_known_by_their_company():
    captions = ["a small dog runs over the bench", "the bench is red", "a man sits on a bench"] * 6
    found = nouns_of(captions, "en")
    assert "bench" in found
    assert not found & {"small", "runs", "over", "red"}


def predictions_of(*pairs: tuple[str, str]) -> Predictions:
    rows = [
        CaptionedRow(
            CaptionedPhoto(f"{number}.jpg", "val", (human,)),
            (CandidateCaption(text, 0, -1.0, 0.5, "beam", "en"),),
        )
        for number, (text, human) in enumerate(pairs)
    ]
    return Predictions(rows, {}, 1.0)


def test_worst_first_and_the_unexplained_worst_have_a_group():
    judged = judged_captions(
        predictions_of(
            ("A tall man walks.", "a tall man walks"),
            ("Someone rides quickly home.", "waves break over rocks"),
            ("A child plays outside.", "a child plays outside"),
        )
    )
    assert judged[0].file == "1.jpg"
    assert judged[0].cider == 0
    groups = grouped(judged, each=5)
    assert [one.file for one in groups[MISSED][1]] == ["1.jpg"]
    assert [one.file for one in hard_examples(judged)] == ["1.jpg"]


def test_the_page_escapes_every_text(tmp_path: Path):
    evil = "<script>alert('x')</script>"
    judged = judged_captions(predictions_of((evil, evil)))
    shown = [Shown(judged[0], Pictures("photos/a.jpg", (('"><b>', "maps/a.jpg"),), evil))]
    path = write_page(tmp_path, evil, evil, {MISSED: (1, shown)})
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text


def test_the_overlay_reddens_where_the_grid_says():
    grey = Image.new("RGB", (40, 20), (100, 100, 100))
    drawn = overlay(grey, [[0.0, 1.0]], (0.0, 0.0, 1.0, 1.0))
    assert drawn.getpixel((0, 10)) == (100, 100, 100)
    red, green, blue = drawn.getpixel((39, 10))
    assert red > 150 > 100 > green > blue
    boxed = overlay(grey, [[1.0]], (0.5, 0.0, 1.0, 1.0))
    assert boxed.getpixel((5, 10)) == (100, 100, 100)


def analyse(model: Path, data: Path, output: Path, **options: object) -> tuple[int, str]:
    err = io.StringIO()
    code = analyse_command(
        AnalysisOptions(model, data, "val", output, **options), io.StringIO(), err
    )
    return code, err.getvalue()


def test_a_real_captioner_is_analysed(tiny_model: Path, dataset_folder: Path, tmp_path: Path):
    output = tmp_path / "analysis"
    code, err = analyse(tiny_model, dataset_folder, output)
    assert (code, err) == (0, "")
    hard = [json.loads(line) for line in (output / "hard_examples.jsonl").open(encoding="utf-8")]
    assert len(hard) == 1
    assert {"file", "split", "captions", "text", "cider", "confidence", "reasons"} == set(hard[0])
    page = (output / "index.html").read_text(encoding="utf-8")
    assert "script" not in page
    for path in (output / "photos").iterdir():
        assert f'src="photos/{path.name}"' in page
    # A second run replaces its own folder; another one is not touched.
    assert analyse(tiny_model, dataset_folder, output, limit=2)[0] == 0
    code, err = analyse(tiny_model, dataset_folder, dataset_folder)
    assert code == 2
    assert "holds other files" in err
