"""What keeps capsite from starting is said in one sentence, before anything is started."""

import contextlib
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from capsite.supervisor import site
from capsite.supervisor.lock import AlreadyLocked, InstanceLock, holder_of
from capsite.supervisor.preflight import (
    BACKLOG,
    listen,
    listening,
    lock_path,
    prepare_var,
    step_aside,
)
from capsite.supervisor.refusal import Refusal
from capsite.supervisor.site import Plan, child_environment, run_site


@pytest.fixture
def taken():
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))

    def fail(*_):
        raise AssertionError("something was started")

    monkeypatch.setattr(site, "_bring_up", fail)


def plan(var: Path, port: int = 0) -> Plan:
    return Plan(base=var, var=var, host="127.0.0.1", port=port)


def test_a_taken_port_is_named_with_the_way_out(taken, tmp_path):
    with pytest.raises(Refusal) as caught:
        run_site(plan(tmp_path / "var", taken))
    assert f"Port {taken} is already in use" in str(caught.value)
    assert f"PORT={taken + 1} make run" in str(caught.value)
    assert caught.value.code == 2
    assert not (tmp_path / "var").exists()


def test_a_port_taken_by_this_very_site_says_so(taken, tmp_path):
    prepare_var(tmp_path)
    with InstanceLock(lock_path(tmp_path)), pytest.raises(Refusal) as caught:
        run_site(plan(tmp_path, taken))
    assert f"capsite already runs here as process {os.getpid()}" in str(caught.value)


def test_a_second_capsite_on_the_same_data_names_the_first(tmp_path):
    prepare_var(tmp_path)
    with InstanceLock(lock_path(tmp_path)), pytest.raises(Refusal) as caught:
        run_site(plan(tmp_path))
    assert f"already runs in {tmp_path} as process {os.getpid()}" in str(caught.value)
    assert "CAPSITE_VAR" in str(caught.value)


@pytest.mark.parametrize("place", ["", "run", "log"])
def test_a_directory_that_cannot_be_written_is_named(tmp_path, place):
    """A file in its place: permissions would not stop root."""
    var = tmp_path / "var"
    if place:
        var.mkdir()
    (var / place).write_text("")
    with pytest.raises(Refusal, match="cannot write to") as caught:
        run_site(plan(var))
    assert str(var / place) in str(caught.value)
    assert caught.value.code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not stop root")
def test_a_read_only_directory_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(Refusal, match="Permission denied"):
        run_site(plan(tmp_path / "var"))


def test_an_address_of_another_machine_is_refused(tmp_path):
    with pytest.raises(Refusal, match=r"cannot listen on 192\.0\.2\.1 port 0"):
        listen("192.0.2.1", 0, tmp_path)
    with pytest.raises(Refusal, match="not an address"):
        listen("no such host", 0, tmp_path)


def test_a_port_is_free_again_at_once(tmp_path):
    with listen("127.0.0.1", 0, tmp_path) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            first.accept()[0].close()
    with listen("127.0.0.1", port, tmp_path) as second:
        assert second.getsockname()[1] == port


def test_a_lock_file_that_nobody_holds_is_not_believed(tmp_path):
    path = tmp_path / "capsite.lock"
    path.write_text(f"{os.getpid()}\n")
    assert holder_of(path) is None
    with InstanceLock(path):
        assert holder_of(path) == str(os.getpid())
        with pytest.raises(AlreadyLocked), InstanceLock(path):
            pass
    assert holder_of(path) is None


def test_children_do_not_keep_the_lock(tmp_path):
    path = tmp_path / "capsite.lock"
    with InstanceLock(path):
        child = subprocess.Popen(["sleep", "30"])
    assert holder_of(path) is None
    child.kill()
    child.wait()


def test_children_get_every_address_spelled_out(tmp_path):
    environment = child_environment(plan(tmp_path))
    assert environment["CAPSITE_VAR"] == str(tmp_path)
    assert environment["DATABASE_URL"].startswith("postgresql://postgres@/capsite?host=")
    assert environment["REDIS_URL"].startswith("unix://")


def test_servers_of_ones_own_are_passed_on(tmp_path):
    own = Plan(tmp_path, tmp_path, "127.0.0.1", 0, "postgres://db/capsite", "redis://cache/0")
    environment = child_environment(own)
    assert environment["DATABASE_URL"] == "postgres://db/capsite"
    assert environment["REDIS_URL"] == "redis://cache/0"


def reached(listeners: list[socket.socket], visits: int) -> list[int]:
    """How many of so many visitors each socket got."""
    address = listeners[0].getsockname()
    visitors = [socket.create_connection(address, timeout=5) for _ in range(visits)]
    counts = []
    for listener in listeners:
        listener.setblocking(False)
        counts.append(0)
        with contextlib.suppress(OSError):  # nobody waits any more, or it does not listen
            while True:
                listener.accept()[0].close()
                counts[-1] += 1
    for visitor in visitors:
        visitor.close()
    return counts


def test_several_processes_share_the_visitors_of_one_port(tmp_path):
    with listening("127.0.0.1", 0, tmp_path, 3) as listeners:
        counts = reached(listeners, 90)
        assert sum(counts) == 90
        assert min(counts) >= 10
        with pytest.raises(Refusal, match="already in use"):  # though the sockets share it
            listen("127.0.0.1", listeners[0].getsockname()[1], tmp_path)


def test_what_a_dead_process_would_get_goes_to_the_others_until_it_is_back(tmp_path):
    with listening("127.0.0.1", 0, tmp_path, 2) as listeners:
        step_aside(listeners[0])
        step_aside(listeners[0])  # a process may die before it listens again
        assert reached(listeners, 20) == [0, 20]
        listeners[0].listen(BACKLOG)  # as uvicorn does when it starts
        assert min(reached(listeners, 60)) >= 10


def test_a_shared_port_that_another_program_has_is_named(taken, tmp_path):
    ports = listening("127.0.0.1", taken, tmp_path, 2)
    with pytest.raises(Refusal, match=f"Port {taken} is already in use"), ports:
        pass
