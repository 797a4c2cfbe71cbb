"""Texts that people and programs send, in the form in which they are kept."""

import unicodedata

MOST_MARKS = 6  # on one letter; no script stacks more, a flood of them covers the lines around
# Pages isolate each text and let its letters say where it runs; embeddings and overrides would
# turn what stands beside it as well, and make a word read as another.
_DIRECTED = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "")
_LINES = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), "\n")
_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A}, "")
_WRITTEN = _CONTROLS | _DIRECTED | _LINES  # later ones win
# Letters and marks that show nothing: a text of these alone is an empty one.
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0" + "".join(
    map(chr, [*range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0x206A, 0x2070)])
)
_EDGES = _UNSEEN + "".join(filter(str.isspace, map(chr, range(0x3001))))


def tidy_text(given: str) -> str:
    """Return the text composed (NFC), without edges and without what cannot be stored or shown.

    Lines end in a line feed. What is left shows as the letters it is made of, whatever they are.
    """
    text = given.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = _calmed(unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode()))
    return text.translate(_WRITTEN).strip(_EDGES)


def tidy_line(given: str) -> str:
    """Return the text as one line with single blanks."""
    return " ".join(tidy_text(given).split())


def shows(name: str) -> bool:
    """Tell whether every letter of a name can be seen."""
    return not any(letter in _UNSEEN for letter in name)


def _calmed(text: str) -> str:
    """Leave at most so many marks on each letter."""
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)
