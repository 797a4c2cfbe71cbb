"""The rules of the house that a machine can check."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("capsite", "gallery", "captions", "annotations", "workers")
SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def test_layers_hold():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_web_process_never_imports_torch():
    code = (
        "import django, sys; django.setup(); import capsite.asgi; import gallery.admin;"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "from django.test import Client; Client().get('/health/live/');"
        "heavy = {'torch', 'transformers', 'diffusers', 'workers.flow'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "capsite.settings.test"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_opens_with_a_sentence(path):
    tree = ast.parse(path.read_text())
    if tree.body and "migrations" not in path.parts:
        opening = ast.get_docstring(tree)
        assert opening, "no opening sentence"
        assert "." in opening


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 40, f"{node.name} has {length} lines"


def test_settings_have_one_reader_of_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for name in ("gallery", "captions", "annotations", "capsite/common", "capsite/settings")
        for path in (ROOT / name).rglob("*.py")
        if "os.environ" in path.read_text() and path.name != "env.py"
    }
    assert readers == set()


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_migrations_go_back_and_forth():
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()  # of every app: some hang on those taken back
    executor.migrate([(app, None) for app in ("annotations", "captions", "gallery")])
    assert "gallery_image" not in connection.introspection.table_names()
    MigrationExecutor(connection).migrate(leaves)
    assert "captions_caption" in connection.introspection.table_names()


def test_every_dependency_is_pinned_and_explained():
    for name in sorted(path.name for path in ROOT.glob("requirements*.txt")):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                requirement, _, reason = line.partition("#")
                assert "==" in requirement, line
                assert reason.strip(), line
