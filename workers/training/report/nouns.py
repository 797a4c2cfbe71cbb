"""Which words of a set of captions are nouns, told from their company instead of a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from workers.training.metrics import words
from workers.training.report.vocabulary import FUNCTION_WORDS, OTHER_ENDINGS, VOCABULARIES, stem

# A word seen less often shows no habits.
SEEN = 5
ARTICLES = frozenset(["a", "an", "the", "his", "her", "their"])


def nouns_of(captions: Iterable[str], language: str) -> frozenset[str]:
    """Stems of the words that behave like nouns in `captions`.

    English: often before a function word or at the end, now and then after an article, colour or
    number. Turkish: whatever has no ending of a verb or adjective, since articles are rare. Words
    for people and animals are nouns always. Both leave errors in; the lists are for grouping
    failures, not for figures.
    """
    lists = [words(text, language) for text in captions]
    vocabulary = VOCABULARIES[language]
    found = _turkish(lists) if language == "tr" else _english(lists)
    return (found - vocabulary.no_things) | vocabulary.people | vocabulary.animals


def _turkish(lists: Iterable[list[str]]) -> frozenset[str]:
    counts = Counter(word for line in lists for word in line)
    return frozenset(
        stem(word, "tr")
        for word, count in counts.items()
        if count >= SEEN and len(word) > 2 and not _excluded(word, "tr")
    )


def _english(lists: Iterable[list[str]]) -> frozenset[str]:
    function = FUNCTION_WORDS["en"]
    openers = ARTICLES | VOCABULARIES["en"].colours | VOCABULARIES["en"].numbers
    seen: Counter[str] = Counter()
    closing: Counter[str] = Counter()
    opened: Counter[str] = Counter()
    for line in lists:
        for before, word, after in zip(["", *line], line, [*line[1:], ""], strict=False):
            seen[word] += 1
            closing[word] += not after or after in function
            opened[word] += before in openers
    return frozenset(
        word
        for word, count in seen.items()
        if count >= SEEN
        and not _excluded(word, "en")
        and closing[word] >= 0.5 * count
        and opened[word] >= 0.2 * count
    )


def _excluded(word: str, language: str) -> bool:
    return word in FUNCTION_WORDS[language] or word.endswith(OTHER_ENDINGS[language])
