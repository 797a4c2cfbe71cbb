"""The package as others get it: installable, small, typed, and free of the site."""

import ast
import inspect
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from capsite_client import AsyncClient, Client, aclient, client

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "clients" / "python"
SOURCES = sorted((PACKAGE / "src" / "capsite_client").rglob("*.py"))
NEEDS = {"httpx", "websockets"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_modules_keep_the_rules_of_the_house(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert "." in (ast.get_docstring(tree) or "")
    assert text.count("\n") <= 300
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_modules_import_only_what_is_installed_with_them(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= sys.stdlib_module_names | NEEDS | {"capsite_client"}


def methods(kind: type) -> dict[str, str]:
    return {
        name: str(inspect.signature(member))
        for name, member in vars(kind).items()
        if callable(member) and not name.startswith("_") and name not in ("close", "aclose")
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Client, AsyncClient),
        (client.Albums, aclient.AsyncAlbums),
        (client.Webhooks, aclient.AsyncWebhooks),
    ],
)
def test_both_clients_have_the_same_methods(one, other):
    same = {name: text.replace("Async", "") for name, text in methods(other).items()}
    assert methods(one) == same
    assert all(inspect.getdoc(getattr(one, name)) for name in same)


@pytest.mark.slow
def test_it_installs_into_a_new_environment(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    # What it needs comes from the suite's own environment, so that no network is needed.
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    source, built = tmp_path / "source", tmp_path / "built"
    subprocess.run(["cp", "-r", str(PACKAGE), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(built)]
    subprocess.run([*wheel, str(source)], check=True, timeout=300)
    install = [*pip, "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, *map(str, built.iterdir())], check=True, timeout=300)
    code = (
        "import sys, importlib.metadata as m, pathlib; sys.path.append(sys.argv[1]);"
        "import capsite_client as c; home = pathlib.Path(c.__file__).parent;"
        "assert (home / 'py.typed').exists();"
        "assert 'venv' in str(home), home;"
        "print(m.version('capsite-client'), *m.requires('capsite-client'));"
        "c.Client('http://127.0.0.1:1').close()"
    )
    done = subprocess.run(
        [python, "-c", code, ours], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0.1.0", "httpx>=0.27", "websockets>=15"]


@pytest.mark.slow
def test_a_type_checker_knows_what_calls_return(tmp_path):
    (tmp_path / "use.py").write_text(
        "from capsite_client import AsyncClient, Client\n"
        "def use(client: Client) -> None:\n"
        "    reveal_type(client.caption('x.jpg'))\n"
        "    reveal_type(client.albums.create('Dogs'))\n"
        "    reveal_type([image.width for image in client.images(owner='me')])\n"
        "    client.vote('id')\n"
        "async def wait(client: AsyncClient) -> None:\n"
        "    reveal_type(await client.edit('id', 'en', 'text', base_version=0))\n"
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--python-version"]
    done = subprocess.run(
        [*mypy, "3.10", "--cache-dir", str(tmp_path / "cache"), "use.py"],
        cwd=tmp_path,
        env={"MYPYPATH": str(PACKAGE / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    found = [line.partition(": ")[2] for line in done.stdout.splitlines() if "use.py" in line]
    assert found == [
        'note: Revealed type is "capsite_client.models.Captioned"',
        'note: Revealed type is "capsite_client.resources.Album"',
        'note: Revealed type is "list[int]"',
        "error: Too few arguments  [call-arg]",
        'note: Revealed type is "capsite_client.resources.Annotation"',
    ], done.stdout + done.stderr
