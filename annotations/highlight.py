"""Marks in a text the words for which it was found."""

import re
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from annotations.hits import WORD, wanted_of

NEAR = 0.75  # how much of two words is the same, for a slip; 1 is all of it
PIECE = re.compile(r"([^\W_]+)")


def highlighted(text: str, searched: str) -> SafeString:
    """Return ``text``, escaped, with a ``mark`` around what ``searched`` found in it."""
    wanted = wanted_of(searched)
    words = wanted.words or tuple(WORD.findall(searched.lower()))
    pieces = PIECE.split(text)
    return format_html_join("", "{}", ((_marked(piece, words),) for piece in pieces))


def _marked(piece: str, words: tuple[str, ...]) -> str | SafeString:
    folded = piece.lower()
    begun = max((word for word in words if folded.startswith(word)), key=len, default="")
    # A letter may become two in lower case, and then places do not agree.
    if begun and len(folded) == len(piece):
        return format_html("<mark>{}</mark>{}", piece[: len(begun)], piece[len(begun) :])
    if any(_near(folded, word) for word in words):
        return format_html("<mark>{}</mark>", piece)
    return piece


def _near(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 3 or one[:1] != other[:1]:
        return False
    return SequenceMatcher(None, one, other).ratio() >= NEAR
