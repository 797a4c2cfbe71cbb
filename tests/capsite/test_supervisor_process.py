"""The supervisor as a process of its own: signals from outside, and its own violent death."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SCRIPT = """
import os, sys
from pathlib import Path
from capsite.supervisor.child import ChildSpec
from capsite.supervisor.console import Console
from capsite.supervisor.loop import Supervisor
from capsite.supervisor.status import StatusFile

toy = "import signal, time\\n" + sys.argv[2] + "\\nprint('up', flush=True)\\ntime.sleep(60)"
supervisor = Supervisor(Console(sys.stdout.buffer, colour=False), StatusFile(Path(sys.argv[1])))
supervisor.catch_signals()
supervisor.add(ChildSpec("toy", [sys.executable, "-c", toy], os.environ, stop_seconds=30))
supervisor.run()
supervisor.stop()
print("stopped in order")
"""
IGNORE_SIGTERM = "signal.signal(15, signal.SIG_IGN)"


@pytest.fixture
def start(tmp_path):
    """Start the script and return it with the number of its child, once that prints."""
    started: list[subprocess.Popen] = []

    def run(toy: str = "") -> tuple[subprocess.Popen, int]:
        status = tmp_path / "status.json"
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(status), toy],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        assert process.stdout.readline() == "toy      | up\n"
        while not status.exists():
            time.sleep(0.02)
        return process, json.loads(status.read_text())["toy"]["pid"]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_in_order(start, number):
    process, child = start()
    process.send_signal(number)
    output, _ = process.communicate(timeout=10)
    assert "stopped in order" in output
    assert process.returncode == 0
    assert gone(child)


def test_a_second_signal_hurries_but_an_echo_of_the_first_does_not(start):
    process, child = start(IGNORE_SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.7)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert "toy does not stop: ending it by force." in output
    assert process.returncode == 0
    assert gone(child)


def test_children_have_a_session_of_their_own(start):
    process, child = start()
    assert os.getsid(child) == child != os.getsid(process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of such a death")
def test_children_die_with_a_supervisor_that_is_killed(start):
    process, child = start(IGNORE_SIGTERM)
    process.kill()
    assert gone(child)
