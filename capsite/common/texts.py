"""Texts that people and programs send, in the form in which they are kept."""

import unicodedata


def tidy_text(given: str) -> str:
    """Return the text composed (NFC), without edges and without what PostgreSQL cannot store."""
    storable = given.replace("\0", "").encode("utf-8", "ignore").decode()
    return unicodedata.normalize("NFC", storable).strip()


def tidy_line(given: str) -> str:
    """Return the text as one line with single blanks."""
    return " ".join(tidy_text(given).split())
