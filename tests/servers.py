"""A pytest plugin: throw-away PostgreSQL and Valkey for the suite, before Django has its settings.

`pyproject.toml` loads it with `-p tests.servers`. DATABASE_URL and REDIS_URL win when they are
set; the servers die with pytest, however it ends.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from capsite.embedded import (
    EmbeddedPostgres,
    EmbeddedServer,
    EmbeddedValkey,
    database_url,
    redis_url,
)
from capsite.supervisor.lock import InstanceLock, holder_of

ROOT = Path(__file__).resolve().parents[1] / "var" / "test"
URLS = ("DATABASE_URL", "REDIS_URL")
SET_HERE = "CAPSITE_TEST_URLS"  # which of them are the suite's own
# Nothing here outlives the suite, so nothing needs to reach the disk.
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the servers ahead of pytest-django, whose own hook imports the settings."""
    var = _throw_away_directory(early_config)
    os.environ["CAPSITE_VAR"] = str(var)
    postgres, valkey = EmbeddedPostgres(var, UNSAFE_AND_FAST), EmbeddedValkey(var)
    started: list[EmbeddedServer] = []
    # A process of pytest-xdist inherits what its controller set and starts servers of its own.
    for name in os.environ.pop(SET_HERE, "").split():
        os.environ.pop(name, None)
    os.environ[SET_HERE] = " ".join(name for name in URLS if not os.environ.get(name))
    if not os.environ.get("DATABASE_URL"):
        _copy_cluster(var)
        os.environ["DATABASE_URL"] = database_url(var)
        started.append(postgres)
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = redis_url(var)
        started.append(valkey)
    for server in started:
        server.prepare()
        server.start()
        early_config.add_cleanup(server.stop)
    for server in started:
        server.wait_ready(60)
    return (yield)


def _throw_away_directory(config: pytest.Config) -> Path:
    """Return a new directory, removed at the end; what a killed suite left is removed now."""
    var = ROOT / str(os.getpid())
    with _one_at_a_time():
        for left in ROOT.iterdir():
            if left.name.isdigit() and holder_of(left / "lock") is None:
                shutil.rmtree(left, ignore_errors=True)
        var.mkdir()
        config.add_cleanup(lambda: shutil.rmtree(var, ignore_errors=True))
        lock = InstanceLock(var / "lock").__enter__()
        config.add_cleanup(lambda: lock.__exit__(None, None, None))
    return var


def _copy_cluster(var: Path) -> None:
    """Copy the cluster that the first suite made: that takes a tenth of making one."""
    with _one_at_a_time():
        template = EmbeddedPostgres(ROOT / "template")
        template.prepare()
    subprocess.run(["cp", "-a", str(template.home), str(var / "postgres")], check=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
