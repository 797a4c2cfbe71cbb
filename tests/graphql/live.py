"""Runs the site for real, in a process of its own, on the database of the suite."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def live_site() -> Iterator[str]:
    """Serve HTTP, static files and sockets until the block ends; gives ``host:port``."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.listen()
    name = connection.settings_dict["NAME"]
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    here = {"DJANGO_SETTINGS_MODULE": "capsite.settings.test", "DATABASE_URL": database}
    command = ["uvicorn", "--fd", str(listener.fileno()), "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--lifespan", "off", "tests.graphql.served:application"],
        cwd=ROOT,
        env=os.environ | here,
        pass_fds=[listener.fileno()],
    )
    try:
        _wait(process, port)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        listener.close()


def _wait(process: subprocess.Popen, port: int) -> None:
    """Return once the site answers; the kernel lets connections in before that."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as asking:
        asking.sendall(b"GET /health/live/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asking.recv(100).startswith(b"HTTP/1.1 200"), "The live site does not answer."
    assert process.poll() is None
    time.sleep(0.05)
