"""What changed between two texts, word by word."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from unicodedata import category

SAME, ADDED, REMOVED = "same", "added", "removed"
_INSIDE_WORDS = "'\u2019_-"


@dataclass(frozen=True)
class Piece:
    """A stretch of text that stayed, came or went."""

    kind: str
    text: str


@dataclass(frozen=True)
class _Token:
    """A word or a run of marks, with the blanks behind it, which do not count."""

    core: str
    blanks: str


def words_diff(old: str, new: str) -> list[Piece]:
    """Return ``new`` with what it added to ``old`` and what it left out, in reading order.

    Blanks alone are no change. Joined, the pieces that were not removed are ``new`` again.
    """
    before, after = _tokens(old), _tokens(new)
    cores = [token.core for token in before], [token.core for token in after]
    pieces: list[Piece] = []
    # autojunk would take the frequent words of a long text for noise.
    for what, i, j, k, m in SequenceMatcher(None, *cores, autojunk=False).get_opcodes():
        if what in ("replace", "delete"):
            gone = _joined(before[i:j])
            shown = gone.rstrip() if what == "replace" else gone  # what came has blanks of its own
            pieces.append(Piece(REMOVED, _gap(pieces, before[:i]) + shown))
        if what != "delete":
            pieces.append(Piece(SAME if what == "equal" else ADDED, _joined(after[k:m])))
    return pieces


def has_changes(pieces: list[Piece]) -> bool:
    """Tell whether more than blanks changed."""
    return any(piece.kind != SAME for piece in pieces)


def _joined(tokens: list[_Token]) -> str:
    return "".join(token.core + token.blanks for token in tokens)


def _gap(pieces: list[Piece], before: list[_Token]) -> str:
    """Return the blanks that stood ahead of what was removed, where the new text has none."""
    if not before or not pieces or pieces[-1].text[-1].isspace():
        return ""
    return before[-1].blanks


def _tokens(text: str) -> list[_Token]:
    """Split a text, which has no blanks at its edges, into words and marks."""
    found: list[_Token] = []
    for core in _runs(text):
        if core.isspace() and found:
            found[-1] = _Token(found[-1].core, core)
        else:
            found.append(_Token(core, ""))
    return found


def _runs(text: str) -> Iterator[str]:
    for _kind, characters in groupby(text, key=_kind_of):
        yield "".join(characters)


def _kind_of(character: str) -> str:
    """Return ``blank``, ``word`` or ``mark``; accents belong to words, joined emoji stay joined."""
    if character.isspace():
        return "blank"
    if character.isalnum() or character in _INSIDE_WORDS or category(character).startswith("M"):
        return "word"
    return "mark"
