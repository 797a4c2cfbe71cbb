"""The embedded servers for real: start, SIGKILL, leftovers, and the data that survives."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from capsite.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    EmbeddedValkey,
    database_url,
    redis_url,
    wheels,
)
from capsite.embedded.leftovers import working_in


@pytest.fixture(scope="module")
def var():
    """A var directory of this module, short enough for sockets."""
    name = tempfile.mkdtemp(dir=os.environ["CAPSITE_VAR"])
    yield Path(name)
    shutil.rmtree(name)


@pytest.fixture(scope="module")
def cluster(var):
    """A cluster as `prepare` makes it where an earlier one was cut short."""
    server = EmbeddedPostgres(var)
    (server.home / "data.part").mkdir(parents=True)
    (server.home / "data.part" / "PG_VERSION").write_text("18\n")
    server.prepare(lambda text: None)
    return server


@pytest.fixture
def postgres(cluster):
    cluster.start()
    cluster.wait_ready(60)
    yield cluster
    cluster.stop()


@pytest.fixture
def valkey(var):
    server = EmbeddedValkey(var)
    server.prepare(lambda text: None)
    server.start()
    server.wait_ready(20)
    yield server
    server.stop()


def query(var: Path, sql: str):
    connection = psycopg2.connect(database_url(var))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def kill(server) -> None:
    """SIGKILL the server and collect it, as a supervisor would."""
    server._process.kill()
    server._process.wait()


def test_postgres_is_as_capsite_needs_it(postgres, var):
    assert query(var, "SELECT current_database(), upper('ş')") == [("capsite", "Ş")]
    assert query(var, "SHOW listen_addresses") == [("",)]
    assert query(var, "SHOW fsync") == [("on",)]
    query(var, "CREATE EXTENSION pg_trgm; CREATE EXTENSION vector; CREATE EXTENSION btree_gist")
    assert postgres.sockets.stat().st_mode & 0o077 == 0


def test_postgres_keeps_committed_rows_when_it_is_killed(postgres, var):
    query(var, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
    kill(postgres)
    postgres.start()
    postgres.wait_ready(60)
    assert query(var, "SELECT n FROM kept") == [(42,)]


def test_a_busy_orphan_does_not_keep_postgres_from_restarting(postgres, var):
    # This loop does not look whether its postmaster still lives.
    script = "import sys, psycopg2\npsycopg2.connect(sys.argv[1]).cursor().execute(sys.argv[2])"
    loop = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"
    client = subprocess.Popen(
        [sys.executable, "-c", script, database_url(var), loop],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while not query(var, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %'"):
        assert time.monotonic() < deadline
    kill(postgres)
    postgres.start()
    postgres.wait_ready(60)
    assert query(var, "SELECT 1") == [(1,)]
    client.wait(10)


def test_a_second_start_ends_the_postgres_an_earlier_one_left(cluster, var):
    left = cluster.start()
    cluster.wait_ready(60)
    again = EmbeddedPostgres(var)
    again.prepare(lambda text: None)
    again.start()
    again.wait_ready(60)
    assert cluster._process.wait(1) == 0  # it shut down in order
    assert left not in [process.pid for process in working_in("postgres", cluster.data)]
    again.stop()


def test_a_stale_lock_file_that_names_a_stranger_is_not_believed(cluster, var):
    stale = f"{os.getpid()}\n{cluster.data}\n0\n5432\n{cluster.sockets}\n\n 1 1\nready\n"
    (cluster.data / "postmaster.pid").write_text(stale)
    (cluster.sockets / ".s.PGSQL.5432.lock").write_text(stale)
    (cluster.sockets / ".s.PGSQL.5432").touch()
    cluster.start()
    cluster.wait_ready(60)
    assert query(var, "SELECT 1") == [(1,)]
    cluster.stop()


def test_a_cluster_that_was_cut_short_was_made_again(cluster):
    assert (cluster.data / "PG_VERSION").exists()
    assert not (cluster.home / "data.part").exists()


def test_data_of_another_major_version_is_refused_in_words(cluster):
    version = cluster.data / "PG_VERSION"
    version.write_text("17\n")
    try:
        with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
            cluster.prepare(lambda text: None)
    finally:
        version.write_text("18\n")


def test_valkey_is_as_capsite_needs_it(valkey, var):
    client = redis.Redis.from_url(redis_url(var))
    settings = client.config_get("*")
    assert settings["port"] == "0"
    assert settings["appendonly"] == "yes"
    assert settings["maxmemory-policy"] == "noeviction"
    assert (valkey.sockets / "valkey.sock").stat().st_mode & 0o077 == 0


def test_valkey_keeps_what_it_was_told_when_it_is_killed(valkey, var):
    client = redis.Redis.from_url(redis_url(var))
    client.set("kept", "42")
    time.sleep(1.1)  # appendfsync everysec
    kill(valkey)
    valkey.start()
    valkey.wait_ready(20)
    assert client.get("kept") == b"42"


def test_a_second_start_ends_the_valkey_an_earlier_one_left(valkey, var):
    again = EmbeddedValkey(var)
    again.start()
    again.wait_ready(20)
    assert valkey._process.wait(1) == 0
    again.stop()


def test_a_server_that_cannot_start_shows_its_last_words(cluster, var):
    broken = EmbeddedPostgres(var, {"shared_buffers": "nonsense"})
    broken.prepare(lambda text: None)
    broken.start()
    with pytest.raises(EmbeddedError, match=r"(?s)postgres stopped.*shared_buffers"):
        broken.wait_ready(20)


def test_without_the_wheels_the_variables_are_named(monkeypatch):
    monkeypatch.setattr(wheels, "package_directory", lambda package: None)
    for find in (wheels.postgres_programs, wheels.valkey_program):
        with pytest.raises(EmbeddedError, match="Set DATABASE_URL and REDIS_URL"):
            find()


def test_a_server_that_hangs_is_ended_by_force(valkey):
    os.kill(valkey._process.pid, signal.SIGSTOP)
    valkey.stop(timeout=0.2)
    assert not valkey.ready()
