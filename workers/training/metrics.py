"""Caption metrics by the official tools, and a CIDEr without Java for use in training."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from workers.pipeline.tokens import TURKISH_LOWER, normalise_caption
from workers.training.errors import TrainingError
from workers.training.scores import ImageScores

References = Mapping[str, Sequence[str]]
Candidates = Mapping[str, str]
Tokenized = dict[str, list[str]]

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


class JavaMissing(TrainingError):
    """The official tokenizer and METEOR are Java programs."""

    def __init__(self) -> None:
        super().__init__(
            "The official caption metrics need Java; install a Java runtime (java on the PATH)."
        )


def words(text: str, language: str = "en") -> list[str]:
    """Lower-case words of a caption, punctuation dropped; in Turkish I is not the capital of i."""
    if language == "tr":
        text = text.translate(TURKISH_LOWER)
    return _WORD.findall(text.lower())


def quick_cider(references: References, candidates: Candidates, language: str = "en") -> float:
    """CIDEr-D of pycocoevalcap over plainly split words (Vedantam et al. 2015).

    0 where nothing matches.
    """
    return float(np.mean(quick_cider_each(references, candidates, language)))


def quick_cider_each(
    references: References, candidates: Candidates, language: str = "en"
) -> np.ndarray:
    """`quick_cider` of each image [N], in the order of `references`."""
    return _cider(*_split_plainly(references, candidates, language))


def official_scores(
    references: References, candidates: Candidates, language: str = "en"
) -> ImageScores:
    """BLEU-1..4, METEOR, ROUGE-L and CIDEr after PTB tokenization, per image.

    Both arguments have the same keys. Turkish text is lower-cased as Turkish first, and has no
    METEOR: the tool brings stemmer, synonyms and function words for other languages only. Raises
    `JavaMissing` where there is no Java: no other figures take their place.
    """
    if shutil.which("java") is None:
        raise JavaMissing
    wanted, given = tokenize_officially(references, candidates, language)
    # pycocoevalcap prints its progress; standard output belongs to the caller.
    with contextlib.redirect_stdout(sys.stderr):
        meteor = None if language == "tr" else _meteor(wanted, given)
        return ImageScores(
            _bleu_counts(wanted, given), _rouge(wanted, given), _cider(wanted, given), meteor
        )


def plain_scores(
    references: References, candidates: Candidates, language: str = "en"
) -> ImageScores:
    """The same scorers over plainly split words, without METEOR: needs no Java, is not official."""
    wanted, given = _split_plainly(references, candidates, language)
    return ImageScores(
        _bleu_counts(wanted, given), _rouge(wanted, given), _cider(wanted, given), None
    )


def tokenize_officially(
    references: References, candidates: Candidates, language: str = "en"
) -> tuple[Tokenized, Tokenized]:
    """References and candidates through the PTB tokenizer that the official evaluation uses."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    def entry(text: str) -> dict[str, str]:
        # The tokenizer takes one caption a line, and its lower-casing knows no Turkish.
        line = normalise_caption(text, "tr") if language == "tr" else " ".join(text.split())
        return {"caption": line}

    tokenizer = PTBTokenizer()
    with contextlib.redirect_stdout(sys.stderr):
        wanted = tokenizer.tokenize({k: [entry(t) for t in v] for k, v in references.items()})
        given = tokenizer.tokenize({k: [entry(candidates[k])] for k in references})
    return wanted, given


def _split_plainly(
    references: References, candidates: Candidates, language: str
) -> tuple[Tokenized, Tokenized]:
    wanted = {k: [" ".join(words(t, language)) for t in v] for k, v in references.items()}
    given = {k: [" ".join(words(candidates[k], language))] for k in references}
    return wanted, given


def _cider(wanted: Tokenized, given: Tokenized) -> np.ndarray:
    from pycocoevalcap.cider.cider import Cider

    return np.asarray(Cider().compute_score(wanted, given)[1], dtype=float)


def _rouge(wanted: Tokenized, given: Tokenized) -> np.ndarray:
    from pycocoevalcap.rouge.rouge import Rouge

    return np.asarray(Rouge().compute_score(wanted, given)[1], dtype=float)


def _bleu_counts(wanted: Tokenized, given: Tokenized) -> np.ndarray:
    """[N, 10] as `ImageScores.bleu`, from the official scorer's own counting."""
    from pycocoevalcap.bleu.bleu_scorer import cook_refs, cook_test

    rows = []
    for key, texts in wanted.items():
        counted = cook_test(given[key][0], cook_refs(texts), eff="closest")
        lengths = [counted["testlen"], counted["reflen"]]
        rows.append([*lengths, *counted["correct"], *counted["guess"]])
    return np.asarray(rows, dtype=float)


def _meteor(wanted: Tokenized, given: Tokenized) -> np.ndarray:
    """[N, 23]: the statistics that METEOR's program prints for each image."""
    from pycocoevalcap.meteor.meteor import Meteor

    scorer = Meteor()
    lines = [scorer._stat(given[key][0], texts) for key, texts in wanted.items()]
    return np.array([[float(value) for value in line.split()] for line in lines])
