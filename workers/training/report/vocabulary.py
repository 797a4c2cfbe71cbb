"""Words by what they name, in both languages, and the form in which words are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from workers.training.metrics import words

_LISTS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("vocabulary.yaml").read_text(encoding="utf-8")
)
FUNCTION_WORDS = {name: frozenset(lists["function"].split()) for name, lists in _LISTS.items()}
OTHER_ENDINGS = {name: tuple(lists["other_endings"].split()) for name, lists in _LISTS.items()}
# The first five letters stand for the stem of a Turkish word: as good for retrieval as a lemmatizer
# (Can et al. 2008, "Information retrieval on Turkish texts").
TURKISH_STEM = 5
_HARDENED = {"\u011f": "k", "b": "p", "c": "\u00e7", "d": "t"}


def stem(word: str, language: str) -> str:
    """The form in which words are compared: itself in English, the first letters in Turkish.

    A softened last letter is hardened (çocuğu, çocuk).
    """
    if language != "tr":
        return word
    short = word[:TURKISH_STEM]
    return short[:-1] + _HARDENED.get(short[-1:], short[-1:])


def stems(text: str, language: str) -> list[str]:
    """The stems of all words of a caption, in order."""
    return [stem(word, language) for word in words(text, language)]


def content_stems(text: str, language: str) -> list[str]:
    """The stems of the words that are not function words."""
    function = FUNCTION_WORDS[language]
    return [stem(word, language) for word in words(text, language) if word not in function]


def stem_set(listed: str, language: str) -> frozenset[str]:
    """A list of words, parted by spaces, as stems."""
    return frozenset(stem(word, language) for word in listed.split())


@dataclass(frozen=True)
class Vocabulary:
    """Stems of one language by what they name, from vocabulary.yaml.

    `no_things` behave like nouns but name nothing that could be seen in a picture.
    """

    male: frozenset[str]
    female: frozenset[str]
    people: frozenset[str]
    animals: frozenset[str]
    outdoors: frozenset[str]
    colours: frozenset[str]
    sides: frozenset[str]
    numbers: frozenset[str]
    no_things: frozenset[str]

    @classmethod
    def of(cls, language: str, lists: dict[str, str]) -> Vocabulary:
        """Build from lists of words; men and women are people too."""
        found = {name: stem_set(listed, language) for name, listed in lists.items()}
        found["people"] |= found["male"] | found["female"]
        return cls(**found)

    def mentions(self, kind: str, texts: Iterable[str], language: str) -> frozenset[str]:
        """The stems of one kind that stand in any of the captions."""
        said = {item for text in texts for item in stems(text, language)}
        members: frozenset[str] = getattr(self, kind)
        return members & said


VOCABULARIES = {
    name: Vocabulary.of(name, {field.name: lists[field.name] for field in fields(Vocabulary)})
    for name, lists in _LISTS.items()
}
