"""Slices: who is in which, in both languages, and no figures for a handful of photos."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers.training.test_metrics import corpus
from workers.training.data import CaptionedPhoto
from workers.training.metrics import plain_scores
from workers.training.report.slices import slice_report, slices_of
from workers.training.report.vocabulary import stem


def photo(*captions: str) -> CaptionedPhoto:
    return CaptionedPhoto("a.jpg", "val", captions)


ROWS = [
    photo("A man walks on the left side of a street .", "A man .", "Somebody outside ."),
    photo("Two dogs run .", "The dogs play .", "Animals near a man ."),
    photo("A very long and winding description of a red clay teapot indeed .", "A teapot stands ."),
]


def members(name: str, language: str = "en", rows: list[CaptionedPhoto] = ROWS) -> list[bool]:
    training = [photo("a red dog", "a man walks", "dogs run and play")] * 40
    return slices_of(rows, language, training)[name].tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("people", [True, False, False]),
        ("animals", [False, True, False]),
        ("outdoors", [True, False, False]),
        ("no people, no animals", [False, False, True]),
        ("left or right", [True, False, False]),
        # Two people say teapot, which no training caption has; a single odd word does not count.
        ("rare words", [False, False, True]),
    ],
)
def test_membership(name: str, expected: list[bool]):
    assert members(name) == expected


def test_lengths_part_the_photos():
    slices = slices_of(ROWS, "en")
    lengths = [mask for name, mask in slices.items() if "captions" in name]
    assert np.sum(lengths, axis=0).tolist() == [1, 1, 1]
    assert "rare words" not in slices


def test_turkish_words_count_with_their_endings():
    rows = [photo("Sahilde koşan köpeğin sahibi."), photo("Kızın elinde kitabı var.")]
    assert members("animals", "tr", rows) == [True, False]
    assert members("outdoors", "tr", rows) == [True, False]
    assert members("people", "tr", rows) == [False, True]
    assert stem("çocuğu", "tr") == stem("çocuk", "tr") == "çocuk"
    assert stem("children", "en") == "children"


def test_few_photos_have_no_figures():
    scores = plain_scores(*corpus(30, 1))
    mask = np.arange(30) < 19
    found = slice_report(scores, {"few": mask, "many": ~mask | (np.arange(30) > 4)}, resamples=20)
    assert found["few"] == {"photos": 19}
    assert found["many"]["photos"] == 25
    assert found["many"]["metrics"]["CIDEr"] == pytest.approx(scores.cider[5:].mean(), abs=1e-4)
    assert len(found["many"]["intervals"]["BLEU-4"]) == 2
