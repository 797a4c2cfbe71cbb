"""Where the embedded servers of a var directory listen: pure functions of its path."""

import hashlib
import os
import re
from pathlib import Path

# A socket's path is limited by the kernel: 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET_PATH = 103
# Letters that need no quoting in a URL, in PostgreSQL's list of directories, or in Valkey's.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"


def database_url(var: Path) -> str:
    """Return the URL of the embedded PostgreSQL that belongs to this var directory."""
    return f"postgresql://postgres@/capsite?host={postgres_sockets(var)}"


def redis_url(var: Path) -> str:
    """Return the URL of the embedded Valkey, in the form redis-py takes."""
    return f"unix://{valkey_sockets(var) / VALKEY_SOCKET}?db=0"


def postgres_sockets(var: Path) -> Path:
    """Return the directory of PostgreSQL's socket."""
    return _socket_directory(var, "postgres", POSTGRES_SOCKET)


def valkey_sockets(var: Path) -> Path:
    """Return the directory of Valkey's socket."""
    return _socket_directory(var, "valkey", VALKEY_SOCKET)


def server_home(var: Path, server: str) -> Path:
    """Return the server's own directory under var, as an absolute path without links."""
    return Path(os.path.realpath(var)) / server


def _socket_directory(var: Path, server: str, socket: str) -> Path:
    """Return the server's directory, or a short one under /tmp when its path does not serve.

    /tmp and not ``tempfile.gettempdir()``: two shells with different TMPDIR must agree.
    """
    home = server_home(var, server)
    path = str(home / socket)
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(path):
        return home
    digest = hashlib.sha256(os.fsencode(os.path.realpath(var))).hexdigest()[:12]
    # The servers make it with mode 0700 and refuse one that is somebody else's.
    return Path(f"/tmp/capsite-{digest}-{server}")  # nosec B108
