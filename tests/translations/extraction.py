"""Finds every word marked for translation, in Python and in templates, without GNU gettext."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from capsite.common.tablewords import CONTEXT, table_words

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("capsite", "gallery", "captions", "annotations", "workers")
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

# What Django's templatize writes for each marked word: a call whose arguments are literals.
TEXT = r"""u?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
CALL = re.compile(rf" (n?p?gettext|_)\(({TEXT}(?:, {TEXT})*)(?:, ?count)?\) ")


def extracted() -> Catalog:
    """Return a catalogue of all marked words, untranslated, in the order of files and lines."""
    catalogue = Catalog()
    for path in sources():
        where = path.relative_to(ROOT).as_posix()
        method: Any = "python" if path.suffix == ".py" else _template
        found = extract(method, io.BytesIO(path.read_bytes()), KEYWORDS, ("Translators:",))
        for _line, message, comments, context in found:
            catalogue.add(message, None, [(where, 0)], auto_comments=comments, context=context)
    for word in table_words():
        catalogue.add(word, None, [("the administration", 0)], context=CONTEXT)
    return catalogue


def sources() -> list[Path]:
    """Return the files that may hold words for people."""
    python = [
        path
        for name in PACKAGES
        for path in (ROOT / name).rglob("*.py")
        if "migrations" not in path.parts
    ]
    templates = [
        path for kind in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{kind}")
    ]
    return sorted([*python, *templates])


def _template(
    file: io.BytesIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Read a template the way Django's own makemessages does."""
    for found in CALL.finditer(templatize(file.read().decode())):
        arguments = ast.literal_eval(f"[{found[2]}]")
        yield 0, found[1], arguments if len(arguments) > 1 else arguments[0], []
