"""Virtual environments for peers: what they need never becomes the project's."""

import os
import subprocess
import sys
from pathlib import Path

INSTALL_SECONDS = 600


def python_of(folder: Path, requirement: str, *, borrow: bool = False) -> Path:
    """Return the Python of an environment that holds ``requirement``; make it where it is missing.

    With ``borrow`` it finds what this Python has after its own, so that torch is not there twice.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    if version_of(python, requirement.split("==")[0]) != requirement.split("==")[1]:
        print(f"Installing {requirement} into {folder} ...", flush=True)
        install = [str(python), "-m", "pip", "install", "--quiet", requirement]
        done = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        if done.returncode:
            raise SystemExit(f"{requirement} could not be installed:\n{done.stderr[-2000:]}")
    if borrow:
        [packages] = (folder / "lib").glob("python*/site-packages")
        ours = [path for path in sys.path if path.endswith("-packages")]
        (packages / "borrowed.pth").write_text("\n".join(ours) + "\n")
    return python


def version_of(python: Path, package: str) -> str:
    """Return which version of ``package`` that Python finds, or nothing."""
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run(
        [str(python), "-c", ask], capture_output=True, text=True, env=outside(), check=False
    )
    return done.stdout.strip()


def outside(**settings: str) -> dict[str, str]:
    """Return an environment without what names our Python, database or settings."""
    ours = ("PYTHONPATH", "VIRTUAL_ENV", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    return {name: text for name, text in os.environ.items() if name not in ours} | settings
