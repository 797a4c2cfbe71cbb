"""The supervisor with toy children: restarts, back-off, lines, stopping."""

import io
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from capsite.supervisor.child import Child, ChildSpec, how_it_ended
from capsite.supervisor.console import Console
from capsite.supervisor.loop import Supervisor
from capsite.supervisor.status import StatusFile

FOREVER = "import time\nprint('up', flush=True)\ntime.sleep(60)"
STUBBORN = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\n" + FOREVER


class Site:
    """A supervisor whose console and status a test can read."""

    def __init__(self, directory: Path) -> None:
        self.stream = io.BytesIO()
        self.status_path = directory / "status.json"
        self.supervisor = Supervisor(
            Console(self.stream, colour=False), StatusFile(self.status_path)
        )

    def spec(self, name: str, code: str, **options) -> ChildSpec:
        return ChildSpec(name, [sys.executable, "-c", code], os.environ, **options)

    def add(self, name: str, code: str, **options) -> Child:
        return self.supervisor.add(self.spec(name, code, **options))

    @property
    def shown(self) -> str:
        return self.stream.getvalue().decode()

    @property
    def status(self) -> dict:
        return json.loads(self.status_path.read_text())

    def see(self, text: str) -> bool:
        return self.supervisor.wait_until(lambda: text in self.shown, timeout=10)


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.supervisor.stop()


def test_a_child_that_is_killed_comes_back_and_it_is_said(site):
    child = site.add("toy", FOREVER, first_delay=0.1)
    assert site.see("toy      | up")
    first = child.pid
    os.kill(first, signal.SIGKILL)
    assert site.see("toy ended with signal SIGKILL; restarting in 0.1 s.")
    assert site.supervisor.wait_until(lambda: child.pid not in (None, first), timeout=10)
    assert site.status["toy"]["pid"] == child.pid
    assert site.status["toy"]["restarts"] == 1
    assert site.status["toy"]["state"] == "running"


def test_the_delay_doubles_up_to_its_limit(site):
    site.add("toy", "raise SystemExit(3)", first_delay=0.05, longest_delay=0.1)
    assert site.see("toy ended with code 3; restarting in 0.05 s.")
    assert site.see("restarting in 0.1 s.")
    assert site.supervisor.wait_until(lambda: site.shown.count("in 0.1 s.") > 1, timeout=10)


def test_a_healthy_minute_resets_the_delay(site):
    child = Child(site.spec("toy", FOREVER))
    assert [child.schedule() for _ in range(3)] == [pytest.approx(d) for d in (0.5, 1.0, 2.0)]
    child._born = time.monotonic() - 61
    assert child.schedule() == 0.5


def test_a_program_that_cannot_be_started_is_tried_again(site):
    spec = ChildSpec("toy", ["/does/not/exist"], os.environ, first_delay=0.05)
    site.supervisor.add(spec)
    assert site.see("toy did not start ([Errno 2]")
    assert site.supervisor.wait_until(lambda: site.shown.count("did not start") > 2, timeout=10)


def test_the_last_words_of_a_child_are_shown_before_its_death(site):
    site.add("toy", "print('first\\nlast', end='')", first_delay=30)
    assert site.see("toy ended with code 0")
    assert site.shown.index("toy      | last") < site.shown.index("ended with")


def test_stopping_asks_the_servers_last(site):
    tell = "import signal, time\nsignal.signal(15, lambda *_: exit(print('bye', flush=True)))\n"
    site.add("server", tell + FOREVER, server=True)
    site.add("app", tell + FOREVER)
    assert site.supervisor.wait_until(lambda: site.shown.count("up") == 2, timeout=10)
    site.supervisor.stop()
    assert site.shown.index("app      | bye") < site.shown.index("server   | bye")
    assert {child["state"] for child in site.status.values()} == {"stopped"}
    assert {child["pid"] for child in site.status.values()} == {None}


def test_who_does_not_stop_is_ended_by_force(site):
    site.add("toy", STUBBORN, stop_seconds=0.2)
    assert site.see("up")
    before = time.monotonic()
    site.supervisor.stop()
    assert time.monotonic() - before < 5
    assert site.shown.count("toy does not stop: ending it by force.") == 1


def test_a_step_runs_once_and_gives_its_code(site):
    assert site.supervisor.run_to_end(site.spec("setup", "print('done'); exit(4)")) == 4
    assert "setup    | done" in site.shown
    assert "restarting" not in site.shown


def test_output_can_go_to_a_log_instead(site, tmp_path):
    log = tmp_path / "toy.log"
    site.add("toy", FOREVER, open_log=lambda: os.open(log, os.O_WRONLY | os.O_CREAT))
    assert site.supervisor.wait_until(lambda: log.read_text() == "up\n", timeout=10)
    assert "up" not in site.shown


def test_endings_are_named():
    assert how_it_ended(3) == "code 3"
    assert how_it_ended(-9) == "signal SIGKILL"
    assert how_it_ended(-250) == "signal 250"
