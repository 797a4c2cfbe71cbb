"""Caption metrics by the official tools, and a CIDEr without Java for use in training."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from workers.training.errors import TrainingError

References = Mapping[str, Sequence[str]]
Candidates = Mapping[str, str]

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


class JavaMissing(TrainingError):
    """The official tokenizer and METEOR are Java programs."""

    def __init__(self) -> None:
        super().__init__(
            "The official caption metrics need Java; install a Java runtime (java on the PATH)."
        )


def words(text: str) -> list[str]:
    """Lower-case words of a caption, punctuation dropped."""
    return _WORD.findall(text.lower())


def quick_cider(references: References, candidates: Candidates) -> float:
    """CIDEr-D of pycocoevalcap over plainly split words (Vedantam et al. 2015).

    0 where nothing matches.
    """
    from pycocoevalcap.cider.cider import Cider

    wanted = {key: [" ".join(words(text)) for text in texts] for key, texts in references.items()}
    given = {key: [" ".join(words(candidates[key]))] for key in references}
    score, _ = Cider().compute_score(wanted, given)
    return float(score)


def official_metrics(references: References, candidates: Candidates) -> dict[str, float]:
    """BLEU-1..4, METEOR, ROUGE-L and CIDEr after PTB tokenization, as fractions.

    Both arguments have the same keys. Raises `JavaMissing` where there is no Java: no other figures
    take their place.
    """
    if shutil.which("java") is None:
        raise JavaMissing
    wanted, given = tokenize_officially(references, candidates)
    metrics: dict[str, float] = {}
    # pycocoevalcap prints its progress; standard output belongs to the caller.
    with contextlib.redirect_stdout(sys.stderr):
        for names, scorer in _scorers():
            score, _ = scorer.compute_score(wanted, given)
            values = score if isinstance(score, list) else [score]
            metrics.update({name: float(value) for name, value in zip(names, values, strict=True)})
    return metrics


def tokenize_officially(references: References, candidates: Candidates) -> tuple[dict, dict]:
    """References and candidates through the PTB tokenizer that the official evaluation uses."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    tokenizer = PTBTokenizer()
    with contextlib.redirect_stdout(sys.stderr):
        wanted = tokenizer.tokenize(
            {k: [{"caption": _line(t)} for t in v] for k, v in references.items()}
        )
        given = tokenizer.tokenize({k: [{"caption": _line(candidates[k])}] for k in references})
    return wanted, given


def _line(text: str) -> str:
    """The tokenizer takes one caption a line."""
    return " ".join(text.split())


def _scorers() -> list[tuple[tuple[str, ...], Any]]:
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge

    return [
        (("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"), _QuietBleu(Bleu(4))),
        (("METEOR",), Meteor()),
        (("ROUGE-L",), Rouge()),
        (("CIDEr",), Cider()),
    ]


class _QuietBleu:
    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer

    def compute_score(self, wanted: dict, given: dict) -> tuple[list[float], Any]:
        score, each = self.scorer.compute_score(wanted, given, verbose=0)
        return list(score), each
