"""The words of a caption as people read it, each with the tokens that the decoder wrote for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workers.pipeline.tokens import CaptionTokenizer, normalise_caption

_CHUNK = re.compile(r"\S+")
# A run of letters and digits. Normalising changes case, spaces and the final stop, never the number
# of these runs; combining marks belong to them because lower-casing a dotted capital I makes one.
_RUN = re.compile("[\\w\u0300-\u036f]+")


@dataclass(frozen=True)
class Word:
    """A word without the punctuation around it: `text` is `caption[start:end]`.

    `tokens` are its places in the ids of the caption, counted from 0, the language token.
    """

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]


def words_of(
    caption: str, language: str, tokenizer: CaptionTokenizer, max_tokens: int
) -> tuple[list[int], list[Word]]:
    """Caption to its ids, language and end token included, and its words in reading order.

    What lies beyond `max_tokens` has no tokens, so words there are left out.
    """
    ids = tokenizer.encode(caption, language, max_tokens)
    learned = normalise_caption(caption, language)
    offsets = tokenizer.tokenizer.encode(learned).offsets[: len(ids) - 2]
    owners = _owners(learned, offsets)
    words = []
    seen = 0
    for chunk in _CHUNK.finditer(caption):
        runs = list(_RUN.finditer(caption, *chunk.span()))
        mine = range(seen, seen + len(runs))
        seen += len(runs)
        tokens = tuple(place for place, run in enumerate(owners, start=1) if run in mine)
        if tokens:
            start, end = runs[0].start(), runs[-1].end()
            words.append(Word(caption[start:end], start, end, tokens))
    return ids, words


def _owners(text: str, offsets: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each token the number of the run it belongs to; None for punctuation.

    A space of its own, as byte-level BPE writes before a rare letter, belongs to what follows.
    """
    runs = [run.span() for run in _RUN.finditer(text)]
    return [_owner(text, runs, *offset) for offset in offsets]


def _owner(text: str, runs: Sequence[tuple[int, int]], start: int, end: int) -> int | None:
    if text[start:end].isspace():
        return next((n for n, (first, _last) in enumerate(runs) if first >= end), None)
    return next((n for n, (first, last) in enumerate(runs) if first < end and last > start), None)
