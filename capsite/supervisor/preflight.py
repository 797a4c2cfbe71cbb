"""What must hold before anything starts: the port is free and the var directory can be written."""

import errno
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from capsite.supervisor.lock import holder_of
from capsite.supervisor.refusal import Refusal

SUBDIRECTORIES = ("run", "log")
BACKLOG = 2048


def lock_path(var: Path) -> Path:
    """Return the file whose lock makes this the only capsite of a var directory."""
    return var / "run" / "capsite.lock"


@contextmanager
def listening(host: str, port: int, var: Path, count: int = 1) -> Iterator[list[socket.socket]]:
    """Give the listening sockets that every start of a web process inherits, one for each.

    The supervisor keeps them, so nobody can take the port while a web process restarts, and
    visitors wait that second instead of being refused. The kernel deals connections out among
    several: of one shared socket a process that wakes up takes all that wait, and connections that
    stay open would leave the others without work.
    """
    with ExitStack() as opened:
        listeners = [opened.enter_context(listen(host, port, var))]
        if count > 1:
            # Nobody else has the port. A socket that shares it must have said so from the start.
            port = listeners.pop().getsockname()[1]
            opened.close()
            for _ in range(count):
                shared = listen(host, port, var, shared=True)
                listeners.append(opened.enter_context(shared))
        yield listeners


def step_aside(listener: socket.socket) -> None:
    """Leave new connections to the other processes of a port until this socket listens again."""
    with suppress(OSError):  # it does not listen at present
        listener.shutdown(socket.SHUT_RDWR)


def listen(host: str, port: int, var: Path, *, shared: bool = False) -> socket.socket:
    """Return a listening socket, with ``shared`` one of several on its port; raises Refusal."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise Refusal(f"{host!r} is not an address of this machine: {error.strerror}.") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # uvicorn takes an inherited socket for a Unix one and leaves this off; connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Refusal(_why_not_listening(host, port, var, error)) from error
    return listener


def _why_not_listening(host: str, port: int, var: Path, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"capsite cannot listen on {host} port {port}: {error.strerror}."
    way_out = f"Choose another port: PORT={port + 1} make run"
    if holder := holder_of(lock_path(var)):
        return (
            f"Port {port} is in use: capsite already runs here as process {holder}. Stop that one "
            f"first (Ctrl-C, or kill {holder}); a second one needs a CAPSITE_VAR of its own."
        )
    return f"Port {port} is already in use by another program. {way_out}"


def prepare_var(var: Path) -> None:
    """Create the var directory and what the supervisor writes in it, or refuse in one sentence."""
    try:
        for name in SUBDIRECTORIES:
            directory = var / name
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=directory):
                pass
    except OSError as error:
        raise Refusal(
            f"capsite cannot write to {error.filename or var} ({os.strerror(error.errno or 0)}). "
            f"Make {var} writable, or set CAPSITE_VAR to a directory that is."
        ) from error
