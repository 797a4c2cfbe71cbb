"""Renews the Turkish catalogue: `make messages` after words changed, and again once translated."""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tests.translations.extraction import ROOT, extracted

PO = ROOT / "locale/tr/LC_MESSAGES/django.po"
MADE = datetime(2026, 11, 21, tzinfo=UTC)
BORROWED = ROOT / "locale/borrowed/tr/LC_MESSAGES/django.po"


def renew() -> list[Message]:
    """Bring both catalogues up to date with source and words; return what is to be translated."""
    catalogue = read(PO)
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    PO.write_bytes(written(catalogue))
    for path in (PO, BORROWED):
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
    return untranslated(catalogue)


def read(path: Path) -> Catalog:
    """Return a catalogue as it is stored."""
    with path.open("rb") as file:
        return read_po(file, locale="tr", domain="django")


def written(catalogue: Catalog) -> bytes:
    """Return the text of a catalogue; files without line numbers, so that it changes seldom."""
    catalogue.project, catalogue.version = "capsite", "1"
    catalogue.last_translator, catalogue.language_team = "capsite", "Turkish"
    catalogue.msgid_bugs_address = ""
    catalogue.revision_date = catalogue.creation_date = MADE  # git knows when words changed
    file = io.BytesIO()
    write_po(file, catalogue, width=100, include_lineno=False, sort_by_file=True)
    return file.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return what gettext reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages without words, or with words that nobody has confirmed."""
    return [
        message for message in catalogue if message.id and (message.fuzzy or not _said(message))
    ]


def _said(message: Message) -> bool:
    words = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return all(words)


if __name__ == "__main__":
    django.setup()
    left = renew()
    for message in left:
        print(
            f"Not translated: {message.id!r} ({', '.join(name for name, _ in message.locations)})"
        )
    sys.exit(bool(left))
