"""Why a caption is bad, by simple rules over its words and the human captions of the photo.

The rules are rough on purpose, so that anyone can check them by eye; docs/model.md lists them. A
caption may break several; one that breaks none and still scores low has "missed the point".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from workers.training.evaluate import Predictions, texts_of
from workers.training.metrics import quick_cider_each, words
from workers.training.report.nouns import nouns_of
from workers.training.report.vocabulary import (
    FUNCTION_WORDS,
    VOCABULARIES,
    content_stems,
    stem,
    stems,
)

# The same sentence for this many photos of a split says nothing about any of them.
SAID_OFTEN = 4
FEW_WORDS = 2
MISSED = "missed the point"


@dataclass(frozen=True)
class Evidence:
    """What a rule may look at: one caption, its photo's human captions, and the whole split."""

    caption: str
    human: tuple[str, ...]
    language: str
    nouns: frozenset[str]
    times_said: int

    def said(self, kind: str) -> frozenset[str]:
        """Stems of a kind (colours, numbers, ...) in the caption."""
        return VOCABULARIES[self.language].mentions(kind, [self.caption], self.language)

    def humans_said(self, kind: str) -> frozenset[str]:
        """The same in the human captions."""
        return VOCABULARIES[self.language].mentions(kind, self.human, self.language)


@dataclass(frozen=True)
class JudgedCaption:
    """A caption with its score and the reasons for which it is bad: group to words at fault."""

    file: str
    text: str
    confidence: float
    cider: float
    human: tuple[str, ...]
    reasons: dict[str, list[str]] = field(default_factory=dict)


def judged_captions(predictions: Predictions, corpus: Iterable[str] = ()) -> list[JudgedCaption]:
    """Every first caption, worst CIDEr first (per photo, words split plainly, no Java).

    `corpus` are captions to learn from which words are nouns, besides those of the photos.
    """
    references, candidates = texts_of(predictions)
    language = predictions.language
    scores = quick_cider_each(references, candidates, language)
    human = [text for texts in references.values() for text in texts]
    nouns = nouns_of([*human, *corpus], language)
    said = Counter(candidates.values())
    judged = []
    for item, score in zip(predictions.rows, scores, strict=True):
        first = item.captions[0]
        evidence = Evidence(first.text, item.row.captions, language, nouns, said[first.text])
        judged.append(
            JudgedCaption(
                item.row.file,
                first.text,
                first.confidence,
                round(float(score), 4),
                item.row.captions,
                reasons_for(evidence),
            )
        )
    return sorted(judged, key=lambda one: one.cider)


def reasons_for(evidence: Evidence) -> dict[str, list[str]]:
    """The groups that a caption belongs to, each with the words that put it there."""
    found = {name: rule(evidence) for name, rule in RULES.items()}
    return {name: faults for name, faults in found.items() if faults}


def _hallucinated(evidence: Evidence) -> list[str]:
    """Nouns that no human used; a word for a person is fine where anyone mentions a person."""
    vocabulary = VOCABULARIES[evidence.language]
    known = {item for text in evidence.human for item in stems(text, evidence.language)}
    if known & vocabulary.people:
        known |= vocabulary.people
    # Colours and numbers have rules of their own.
    known |= vocabulary.colours | vocabulary.numbers
    return _words_where(evidence, lambda item: item in evidence.nouns - known)


def _wrong_colour(evidence: Evidence) -> list[str]:
    """Colours that no human named, where humans named others."""
    return _unconfirmed(evidence, "colours")


def _wrong_count(evidence: Evidence) -> list[str]:
    """Numbers that no human gave, where humans gave others."""
    return _unconfirmed(evidence, "numbers")


def _wrong_gender(evidence: Evidence) -> list[str]:
    """Only men where humans see only women, or the other way round."""
    for ours, theirs in (("male", "female"), ("female", "male")):
        said, other = evidence.said(ours), evidence.humans_said(theirs)
        if said and other and not evidence.humans_said(ours) and not evidence.said(theirs):
            return _words_where(evidence, said.__contains__)
    return []


def _repeated(evidence: Evidence) -> list[str]:
    """A content word that comes twice."""
    counts = Counter(content_stems(evidence.caption, evidence.language))
    return _words_where(evidence, lambda item: counts[item] > 1)


def _generic(evidence: Evidence) -> list[str]:
    """A sentence written for many photos, or one with hardly a content word."""
    if evidence.times_said >= SAID_OFTEN:
        return [f"written for {evidence.times_said} photos"]
    content = content_stems(evidence.caption, evidence.language)
    return ["hardly a content word"] if len(content) <= FEW_WORDS else []


def _unconfirmed(evidence: Evidence, kind: str) -> list[str]:
    human = evidence.humans_said(kind)
    faults = evidence.said(kind) - human
    return _words_where(evidence, faults.__contains__) if human else []


def _words_where(evidence: Evidence, faulty: Callable[[str], bool]) -> list[str]:
    """The caption's own content words whose stem is faulty, once each, in order."""
    own = words(evidence.caption, evidence.language)
    function = FUNCTION_WORDS[evidence.language]
    found = [w for w in own if w not in function and faulty(stem(w, evidence.language))]
    return list(dict.fromkeys(found))


RULES: dict[str, Callable[[Evidence], list[str]]] = {
    "hallucinated nouns": _hallucinated,
    "wrong colour": _wrong_colour,
    "wrong count": _wrong_count,
    "wrong gender": _wrong_gender,
    "repeated words": _repeated,
    "too generic": _generic,
}
GROUPS: dict[str, str] = {
    "hallucinated nouns": "A thing that no human caption names (a person is a person, whoever).",
    "wrong colour": "A colour that no human caption names, where they name others.",
    "wrong count": "A number that no human caption gives, where they give others.",
    "wrong gender": "Men where people see only women, or women where they see only men.",
    "repeated words": "A content word that comes twice.",
    "too generic": f"The same sentence for {SAID_OFTEN} photos or more, or hardly a content word.",
    MISSED: "None of the rules above, and among the worst tenth all the same.",
}
WORST_SHARE = 0.1


def grouped(
    judged: Sequence[JudgedCaption], each: int
) -> dict[str, tuple[int, list[JudgedCaption]]]:
    """For each group how many captions fall into it, and the `each` worst of them."""
    worst = max(1, round(WORST_SHARE * len(judged)))
    groups: dict[str, list[JudgedCaption]] = {name: [] for name in GROUPS}
    for place, one in enumerate(judged):
        for name in one.reasons or ([MISSED] if place < worst else []):
            groups[name].append(one)
    return {name: (len(members), members[:each]) for name, members in groups.items()}


def hard_examples(judged: Sequence[JudgedCaption]) -> Iterable[JudgedCaption]:
    """The worst tenth by score, worst first."""
    return judged[: max(1, round(WORST_SHARE * len(judged)))]
