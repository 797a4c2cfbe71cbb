"""The addresses of the embedded servers are functions of the var directory alone."""

from pathlib import Path

import pytest
from environ import Env

from capsite.embedded import database_url, redis_url
from capsite.embedded.addresses import (
    LONGEST_SOCKET_PATH,
    POSTGRES_SOCKET,
    postgres_sockets,
    valkey_sockets,
)


def test_a_plain_path_keeps_its_sockets_beside_its_data():
    var = Path("/srv/capsite/var")
    assert database_url(var) == "postgresql://postgres@/capsite?host=/srv/capsite/var/postgres"
    assert redis_url(var) == "unix:///srv/capsite/var/valkey/valkey.sock?db=0"


@pytest.mark.parametrize(
    "var",
    [
        pytest.param(Path("/srv") / ("long/" * 30), id="too long"),
        pytest.param(Path("/srv/with blank/var"), id="blank"),
        pytest.param(Path("/srv/büro/var"), id="not ASCII"),
        pytest.param(Path("/srv/a,b/var"), id="comma"),
    ],
)
def test_a_path_that_does_not_serve_gets_short_directories(var):
    for directory in (postgres_sockets(var), valkey_sockets(var)):
        assert str(directory).startswith("/tmp/capsite-")
        assert len(str(directory / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH
    assert postgres_sockets(var) != valkey_sockets(var)
    assert postgres_sockets(var) == postgres_sockets(var)
    assert postgres_sockets(var) != postgres_sockets(var / "other")


def test_the_longest_path_that_fits_is_used():
    room = LONGEST_SOCKET_PATH - len(f"//postgres/{POSTGRES_SOCKET}")
    assert postgres_sockets(Path("/" + "x" * room)) == Path("/" + "x" * room) / "postgres"
    assert postgres_sockets(Path("/" + "x" * (room + 1))).parent == Path("/tmp")


def test_a_relative_path_means_the_same_as_its_absolute_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert database_url(Path("var")) == database_url(tmp_path / "var")


def test_django_reads_the_socket_directory_with_its_capital_letters():
    entry = Env.db_url_config(database_url(Path("/srv/CapSite/var")))
    assert (entry["NAME"], entry["HOST"]) == ("capsite", "")
    assert entry["OPTIONS"] == {"host": "/srv/CapSite/var/postgres"}
