"""A second capsite: a web process with a database and a var directory of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg2

ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    """Return a port nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_database(name: str, template: str = "template0") -> str:
    """Make an empty database, or a copy, beside the suite's and return its URL."""
    base = os.environ["DATABASE_URL"]
    with closing(psycopg2.connect(base)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlsplit(base)._replace(path=f"/{name}").geturl()


class Instance:
    """One running web process."""

    def __init__(self, var: Path, host: str, database_url: str, **settings: str) -> None:
        """Describe it; ``settings`` are environment variables."""
        self.port = free_port()
        self.url = f"http://{host}:{self.port}"
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "capsite.settings.test",
            "DATABASE_URL": database_url,
            "CAPSITE_VAR": str(var),
            "OMP_NUM_THREADS": "1",
            **settings,
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command of this instance."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self) -> Iterator["Instance"]:
        """Run the web process until the block ends."""
        server = ("-m", "uvicorn", "capsite.asgi:application", "--lifespan", "off")
        process = subprocess.Popen(
            [sys.executable, *server, "--host", "127.0.0.1", "--port", str(self.port)],
            cwd=ROOT,
            env=self._environment,
        )
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait(20)

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        for _attempt in range(300):
            assert process.poll() is None, "The second instance ended."
            try:
                httpx.get(f"{self.url}/health/live/")
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("The second instance did not start.")
