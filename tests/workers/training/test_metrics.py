"""Scores per image: they add up to pycocoevalcap's own figures, and Turkish is read as Turkish."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from workers.training.metrics import (
    official_scores,
    plain_scores,
    quick_cider,
    quick_cider_each,
    tokenize_officially,
    words,
)
from workers.training.scores import ImageScores, meteor_of

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")

WORDS = ["a", "dog", "runs", "on", "the", "grass", "with", "two", "red", "balls"]
# Three lines of METEOR's own program and its scores for them.
METEOR_LINES = [
    "7 17 5 11 1 1 4 4 0 0 0 0 0 0 0 0 0 0 0 0 2 5 5",
    "14 12 7 4 1 1 4 4 0 0 0 0 0 0 0 0 2 2 0 0 2 7 7",
    "8 6 3 2 2 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0 2 3 3",
]
METEOR_SCORES = [0.13320443075711533, 0.20177011984766263, 0.2141881350532016]


def corpus(images: int, seed: int) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Random sentences of few words, three references each."""
    chance = random.Random(seed)

    def sentence() -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(2, 9)))

    references = {str(i): [sentence() for _ in range(3)] for i in range(images)}
    return references, {key: sentence() for key in references}


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_those_of_the_official_scorers(seed: int):
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    references, candidates = corpus(30, seed)
    given = {key: [text] for key, text in candidates.items()}
    ours = plain_scores(references, candidates).figures()
    theirs = Bleu(4).compute_score(references, given, verbose=0)[0]
    assert [ours[f"BLEU-{n}"] for n in range(1, 5)] == pytest.approx(theirs, abs=1e-12)
    assert ours["ROUGE-L"] == pytest.approx(Rouge().compute_score(references, given)[0])
    assert ours["CIDEr"] == pytest.approx(Cider().compute_score(references, given)[0])
    assert "METEOR" not in ours


def test_a_weight_is_a_repetition_of_the_image():
    references, candidates = corpus(6, 1)
    chosen = ["0", "2", "2", "5"]
    scores = plain_scores(references, candidates)
    weighted = scores.metrics(np.array([[1, 0, 2, 0, 0, 1]]))
    repeated = plain_scores(
        {f"{i}": references[key] for i, key in enumerate(chosen)},
        {f"{i}": candidates[key] for i, key in enumerate(chosen)},
    ).figures()
    for name in ("BLEU-1", "BLEU-4", "ROUGE-L"):
        assert weighted[name][0] == pytest.approx(repeated[name], abs=1e-12)
    # CIDEr's word weights stay those of the whole set.
    assert weighted["CIDEr"][0] == pytest.approx(scores.cider[[0, 2, 2, 5]].mean())


def test_meteor_from_its_statistics():
    lines = np.array([[float(value) for value in line.split()] for line in METEOR_LINES])
    assert meteor_of(lines) == pytest.approx(METEOR_SCORES, abs=1e-12)
    assert meteor_of(np.zeros((1, 23))) == [0.0]


@needs_java
def test_meteor_is_the_official_one():
    from pycocoevalcap.meteor.meteor import Meteor

    references, candidates = corpus(5, 3)
    ours = official_scores(references, candidates)
    wanted, given = tokenize_officially(references, candidates)
    whole, each = Meteor().compute_score(wanted, given)
    assert ours.figures()["METEOR"] == pytest.approx(whole, abs=1e-9)
    assert meteor_of(ours.meteor) == pytest.approx(each, abs=1e-9)


def test_subsets_and_files_keep_everything(tmp_path: Path):
    scores = plain_scores(*corpus(8, 2))
    part = scores.take(np.arange(8) < 3)
    assert len(part) == 3
    assert part.cider == pytest.approx(scores.cider[:3])
    scores.save(tmp_path / "scores.npz")
    assert ImageScores.load(tmp_path / "scores.npz").figures() == scores.figures()


def test_turkish_capitals():
    assert words("IŞIK İki", "tr") == ["ışık", "iki"]
    assert words("IT IS", "en") == ["it", "is"]


@needs_java
def test_turkish_is_lowered_as_turkish_before_the_tokenizer_and_has_no_meteor():
    references = {"a": ["İki köpek Irmakta yüzüyor."], "b": ["Bir çocuğun IŞIĞI."]}
    candidates = {"a": "iki köpek ırmakta yüzüyor", "b": "Bir adam."}
    wanted, given = tokenize_officially(references, candidates, "tr")
    assert wanted["a"] == given["a"] == ["iki köpek ırmakta yüzüyor"]
    assert wanted["b"] == ["bir çocuğun ışığı"]
    figures = official_scores(references, candidates, "tr").figures()
    assert "METEOR" not in figures
    assert figures["BLEU-1"] > 0.6


def test_cider_without_java_ranks_captions():
    references = {
        str(i): [f"a {word} runs", f"the {word} is running"] for i, word in enumerate("abcdef")
    }
    right = {key: captions[0] for key, captions in references.items()}
    wrong = dict.fromkeys(references, "nothing alike")
    assert quick_cider(references, right) > 1
    assert quick_cider(references, wrong) == 0
    half = {key: right[key] if key < "3" else wrong[key] for key in references}
    assert [score > 0 for score in quick_cider_each(references, half)] == [True] * 3 + [False] * 3
