"""The supervisor: one thread that shows lines, notices deaths, restarts and stops."""

import selectors
import signal
import time
from collections.abc import Callable
from types import FrameType

from capsite.embedded.errors import EmbeddedError
from capsite.supervisor.child import Child, ChildSpec, how_it_ended
from capsite.supervisor.console import Console
from capsite.supervisor.status import StatusFile

TURN_SECONDS = 0.1
TWICE_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):
    """Ctrl-C or SIGTERM arrived while something was waited for."""


class Supervisor:
    """Owns the children. Nothing here may start a thread: see processes._die_with_parent."""

    def __init__(self, console: Console, status: StatusFile) -> None:
        self._console = console
        self._status = status
        self._selector = selectors.DefaultSelector()
        self._children: list[Child] = []
        self._stops = 0
        self._last_stop = float("-inf")

    def catch_signals(self) -> None:
        """Count the requests to stop; a hang-up that the caller ignores (nohup) stays ignored."""
        for number in STOP_SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._count_stop)

    def add(self, spec: ChildSpec) -> Child:
        """Start a process and keep it running from now on."""
        child = Child(spec)
        self._children.append(child)
        self._start(child)
        return child

    def run_to_end(self, spec: ChildSpec) -> int:
        """Run a process once, showing its lines, and return its exit code."""
        once = Child(spec)
        once.start()
        self._listen(once)
        try:
            self.wait_until(once.ended)
        finally:
            once.kill()
        self._hang_up(once)
        return once.code if once.code is not None else 1

    def wait_until(self, happened: Callable[[], bool], timeout: float = float("inf")) -> bool:
        """Keep working until something happened; False after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not happened():
            if self._stops:
                raise StopRequested
            if time.monotonic() > deadline:
                return False
            self._turn()
        return True

    def run(self) -> None:
        """Work until asked to stop."""
        while not self._stops:
            self._turn()

    def stop(self) -> None:
        """Stop the others first and the servers they use last; a second request hurries."""
        for tier in (False, True):
            members = [child for child in self._children if child.spec.server is tier]
            for child in members:
                child.ask_to_stop()
            while any(child.pid for child in members):
                self._turn()
                self._end_the_late(members)
        self._status.write(self._children)

    def _end_the_late(self, children: list[Child]) -> None:
        for child in children:
            hurry = self._stops > 1 and not child.spec.server
            late = hurry or time.monotonic() > child.due
            if child.pid and late and not child.killed:
                self._console.say(f"{child.spec.name} does not stop: ending it by force.")
                child.kill()

    def _turn(self) -> None:
        for key, _ in self._selector.select(TURN_SECONDS):
            self._show(key.data)
        for child in self._children:
            if child.ended():
                self._bury(child)
            elif child.state == "restarting" and time.monotonic() >= child.due:
                self._start(child)
        self._status.write(self._children)

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except (OSError, EmbeddedError) as error:
            delay = child.schedule()
            name = child.spec.name
            self._console.say(f"{name} did not start ({error}); trying again in {delay:g} s.")
            return
        self._listen(child)

    def _bury(self, child: Child) -> None:
        self._hang_up(child)
        if child.state == "stopping":
            child.state = "stopped"
            return
        ending, delay = how_it_ended(child.code or 0), child.schedule()
        self._console.say(f"{child.spec.name} ended with {ending}; restarting in {delay:g} s.")

    def _listen(self, child: Child) -> None:
        if child.reader:
            self._selector.register(child.reader.descriptor, selectors.EVENT_READ, child)

    def _show(self, child: Child) -> None:
        if child.reader is None:
            return
        for line in child.reader.read():
            self._console.line(child.spec.name, line)
        if child.reader.finished:
            self._hang_up(child)

    def _hang_up(self, child: Child) -> None:
        """Show what a process left in its pipe, and close it."""
        if child.reader is None:
            return
        self._selector.unregister(child.reader.descriptor)
        for line in child.reader.close():
            self._console.line(child.spec.name, line)
        child.reader = None

    def _count_stop(self, number: int, frame: FrameType | None) -> None:
        """Count a request, but one that comes twice at once (make passes SIGTERM on) only once."""
        now = time.monotonic()
        if now - self._last_stop > TWICE_SECONDS:
            self._stops += 1
        self._last_stop = now
