"""The reward of self-critical training: CIDEr-D of a caption against its photo's references.

Vedantam, Zitnick, Parikh, "CIDEr: Consensus-based Image Description Evaluation", 2015, as
pycocoevalcap computes it, with document frequencies of the training captions and references whose
vectors are kept, which makes it fast enough for every step.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NGRAMS = 4
SIGMA = 6.0
# Stands at the end of every sentence, so that a caption breaking off at "with a" does not gain by
# the words it saves.
END = "</s>"

Counts = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class _Vector:
    """tf-idf weights by n-gram length, their norms, and the number of bigrams."""

    weights: tuple[dict[tuple[str, ...], float], ...]
    norms: tuple[float, ...]
    length: int


class CiderReward:
    """CIDEr-D with the document frequencies of one language's training references."""

    def __init__(self, references: Mapping[str, Sequence[Sequence[str]]], end: str = END) -> None:
        """`references`: per photo, its captions as lists of words."""
        self.end = [end] if end else []
        self.log_count = math.log(max(1.0, float(len(references))))
        counted = {key: [self._count(words) for words in rows] for key, rows in references.items()}
        self.frequency: Counter[tuple[str, ...]] = Counter()
        for rows in counted.values():
            self.frequency.update({gram for row in rows for gram in row})
        self.references = {
            key: [self._vector(counts) for counts in rows] for key, rows in counted.items()
        }

    def score(self, key: str, words: Sequence[str]) -> float:
        """CIDEr-D of one caption (its words) against the references of photo `key`, 0 to 10."""
        given = self._vector(self._count(words))
        return self._against(given, self.references[key])

    def score_with(self, references: Iterable[Sequence[str]], words: Sequence[str]) -> float:
        """The same against other references, say those of a mirrored photo."""
        given = self._vector(self._count(words))
        return self._against(given, [self._vector(self._count(row)) for row in references])

    def _against(self, given: _Vector, references: Sequence[_Vector]) -> float:
        total = sum(_similarity(given, wanted) for wanted in references)
        return 10.0 * total / NGRAMS / max(1, len(references))

    def _count(self, words: Sequence[str]) -> Counts:
        sentence = [*words, *self.end]
        return Counter(
            tuple(sentence[start : start + size])
            for size in range(1, NGRAMS + 1)
            for start in range(len(sentence) - size + 1)
        )

    def _vector(self, counts: Counts) -> _Vector:
        weights: tuple[dict[tuple[str, ...], float], ...] = tuple({} for _ in range(NGRAMS))
        for gram, count in counts.items():
            rarity = self.log_count - math.log(max(1, self.frequency[gram]))
            weights[len(gram) - 1][gram] = count * rarity
        norms = tuple(math.sqrt(sum(value * value for value in row.values())) for row in weights)
        return _Vector(weights, norms, sum(c for gram, c in counts.items() if len(gram) == 2))


def _similarity(given: _Vector, wanted: _Vector) -> float:
    """Clipped cosine, summed over the n-gram lengths, with the Gaussian penalty on length."""
    total = 0.0
    for size in range(NGRAMS):
        ours, theirs = given.weights[size], wanted.weights[size]
        if not given.norms[size] or not wanted.norms[size]:
            continue
        common = sum(
            min(value, theirs[gram]) * theirs[gram]
            for gram, value in ours.items()
            if gram in theirs
        )
        total += common / (given.norms[size] * wanted.norms[size])
    return total * math.exp(-((given.length - wanted.length) ** 2) / (2 * SIGMA**2))
