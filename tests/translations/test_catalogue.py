"""The Turkish catalogues: complete, faithful to their placeholders, and compiled."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import allauth
import pytest
from babel.messages.catalog import Catalog, Message

from capsite.common.tablewords import CONTEXT
from tests.translations.catalogue import BORROWED, PO, read, untranslated
from tests.translations.extraction import ROOT, extracted, sources

AGAIN = "Run `make messages`, translate what it names in locale/tr, and run it again."
PLACEHOLDER = re.compile(r"%\((?P<name>\w+)\)[sd]|%[sd]|%%|\{\w*\}")
TAG = re.compile(r"<[^>]+>")


def key(message: Message) -> tuple[Any, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def texts(of: Any) -> tuple[str, ...]:
    return (of,) if isinstance(of, str) else tuple(of)


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read(PO)


def test_every_marked_word_is_in_the_catalogue_and_no_other(catalogue):
    marked = {key(message) for message in extracted() if message.id}
    kept = {key(message) for message in catalogue if message.id}
    assert len(marked) > 700
    assert marked - kept == set(), AGAIN
    assert kept - marked == set(), AGAIN


@pytest.mark.parametrize("path", [PO, BORROWED], ids=["ours", "borrowed"])
def test_nothing_is_left_untranslated_or_unconfirmed(path):
    assert [message.id for message in untranslated(read(path))] == [], AGAIN


@pytest.mark.parametrize("path", [PO, BORROWED], ids=["ours", "borrowed"])
def test_translations_keep_placeholders_markup_and_edges(path):
    for message in read(path):
        if not message.id:
            continue
        source = texts(message.id)[-1]
        for said in texts(message.string):
            for pattern in (PLACEHOLDER, TAG):
                wanted = sorted(match[0] for match in pattern.finditer(source))
                got = sorted(match[0] for match in pattern.finditer(said))
                assert got == wanted, (source, said)
            assert said.strip()[-1:] != "." or source.strip()[-1] in ".…", (source, said)
            assert said == said.strip() or source != source.strip(), said


@pytest.mark.parametrize("path", [PO, BORROWED], ids=["ours", "borrowed"])
def test_what_is_compiled_is_what_is_written(path):
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in read(path):
        if not message.id:
            continue
        for number, said in zip((1, 2), texts(message.string), strict=False):
            assert _found(compiled, message, number) == said, AGAIN
    assert compiled.info()["plural-forms"] == "nplurals=2; plural=(n > 1);"


def _found(compiled: gettext.GNUTranslations, message: Message, number: int) -> str:
    one, other = texts(message.id)[0], texts(message.id)[-1]
    if isinstance(message.id, str):
        if message.context:
            return compiled.pgettext(message.context, one)
        return compiled.gettext(one)
    if message.context:
        return compiled.npgettext(message.context, one, other, number)
    return compiled.ngettext(one, other, number)


def test_names_that_django_capitalises_do_so_in_turkish(catalogue):
    small = [message.string for message in catalogue if message.context == CONTEXT]
    assert small
    assert [name for name in small if name.startswith("i")] == []  # would become I, not İ


def test_borrowed_words_are_still_those_of_their_library():
    theirs = Path(allauth.__file__).parent / "locale/tr/LC_MESSAGES/django.po"
    known = {key(message) for message in read(theirs)}
    assert {key(message) for message in read(BORROWED) if message.id} <= known


# --- nothing that people read is left unmarked --------------------------------------------------

SILENT = re.compile(
    r"<kbd>.*?</kbd>|\{% comment.*?endcomment %\}|\{#.*?#\}|<!--.*?-->"
    r"|\{% blocktrans.*?endblocktrans(?:late)? %\}|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
SPOKEN = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')
# The page of components is for those who build the site.
PAGES = sorted(
    path for path in (ROOT / "templates").rglob("*.html") if "styleguide" not in path.parts
)
MODULES = [path for path in sources() if path.suffix == ".py" and "gettext" in path.read_text()]
NAMES = {"capsite", "SHA", "Esc", "English", "Türkçe"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_say_nothing_unmarked(path):
    plain = SILENT.sub(" ", path.read_text())
    said = [*SPOKEN.findall(plain), TAG.sub(" ", plain)]
    words = {word for text in said for word in re.findall(r"[^\W\d_]{2,}", text)}
    assert words <= NAMES | {"account", "manage", "case", "page"}, path  # classes in blocks


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_is_looked_up_once_for_everybody(path):
    """A plain gettext outside a function speaks the language of whoever started the process."""
    tree = ast.parse(path.read_text())
    plain = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.name in ("gettext", "pgettext", "ngettext", "npgettext")
    }
    assert [ast.unparse(call) for call in _at_import(tree) if _named(call) in plain] == []


def _at_import(node: ast.AST) -> Iterator[ast.Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for decorator in getattr(child, "decorator_list", []):
                yield from _at_import(decorator)
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _at_import(child)


def _named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
