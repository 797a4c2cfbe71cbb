"""Runs the whole site for a test: `manage.py up` with a var directory and a model of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import requests

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"capsite is at (http://\S+?)/?$")


@contextmanager
def short_folder() -> Iterator[Path]:
    """A throw-away folder that PostgreSQL's own account can reach, unlike pytest's (mode 0700)."""
    with tempfile.TemporaryDirectory(prefix="capsite-", ignore_cleanup_errors=True) as name:
        yield Path(name) / "var"


class Site:
    """A running capsite: its address, its lines, its processes."""

    def __init__(self, var: Path, model: Path, *, demo: bool = False, **settings: str) -> None:
        self.var = var
        self.url = ""
        self.lines: list[str] = []
        self._options = [] if demo else ["--no-demo"]
        ours = {"CAPSITE_VAR": str(var), "CAPSITE_MODEL_DIR": str(model), "CAPSITE_THREADS": "1"}
        kept = {name: text for name, text in os.environ.items() if name not in _SERVERS}
        self.environment = kept | ours | {"DJANGO_SETTINGS_MODULE": "capsite.settings.dev"}
        self.environment |= settings
        self._address = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def start(self, timeout: float = 90) -> "Site":
        """Start and return once the web answers and the worker is ready."""
        self._address.clear()
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", "0", *self._options],
            cwd=ROOT,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._read, daemon=True).start()
        if not self._address.wait(timeout):
            raise AssertionError("The site did not start:\n" + "\n".join(self.lines[-30:]))
        self.wait(lambda: self.ready()["worker"] == "ready", timeout, "the worker")
        return self

    def stop(self) -> int:
        """Stop as Ctrl-C does and return the exit code."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def crash(self) -> None:
        """Kill the supervisor itself."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def kill(self, name: str) -> None:
        """Kill one process with SIGKILL, as it stands."""
        pid = self.status()[name]["pid"]
        if pid:
            os.kill(pid, signal.SIGKILL)

    def status(self) -> dict[str, Any]:
        """Return what the supervisor notes of its processes."""
        return json.loads((self.var / "run" / "status.json").read_text())

    def ready(self) -> dict[str, Any]:
        """Return what the readiness probe says."""
        return requests.get(f"{self.url}/health/ready/", timeout=10).json()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the site's own database."""
        connection = psycopg2.connect(_database_url(self.var))
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()
        finally:
            connection.close()

    def execute(self, sql: str) -> None:
        """Change the site's own database behind its back: no screen is told."""
        connection = psycopg2.connect(_database_url(self.var))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
        finally:
            connection.close()

    def wait(self, happened: Any, timeout: float, what: str) -> None:
        """Return once ``happened()`` is true; an outage meanwhile counts as not yet."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                if happened():
                    return
            except (requests.RequestException, psycopg2.Error, KeyError, ValueError):
                pass
            time.sleep(0.1)
        raise AssertionError(f"Waited {timeout} s for {what}:\n" + "\n".join(self.lines[-40:]))

    def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            if found := READY.search(line.rstrip()):
                self.url = found[1]
                self._address.set()


_SERVERS = {"DATABASE_URL", "REDIS_URL", "PORT"}


def _database_url(var: Path) -> str:
    from capsite.embedded import database_url

    return database_url(var)


def upload(
    url: str, data: bytes, name: str = "photo.jpg", *, patience: float = 0
) -> dict[str, Any]:
    """Send a photo through the API; with ``patience``, as the upload tray does through outages."""
    deadline = time.monotonic() + patience
    while True:
        try:
            answer = requests.post(
                f"{url}/api/v1/captions", files={"image": (name, data)}, timeout=30
            )
            if answer.status_code < 500:
                return answer.json() | {"status_code": answer.status_code}
        except requests.RequestException:
            answer = None
        if time.monotonic() > deadline:
            raise AssertionError(f"No answer but {answer}: {answer and answer.text[:500]}")
        time.sleep(0.5)
