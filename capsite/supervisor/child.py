"""One supervised process: how to start it, and what became of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from capsite.embedded.account import Account
from capsite.embedded.processes import spawn
from capsite.supervisor.console import LineReader

HEALTHY_SECONDS = 60.0


@dataclass(frozen=True)
class ChildSpec:
    """What to run and how to treat it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path | None = None
    account: Account | None = None
    pass_fds: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL  # what the kernel sends when capsite is gone
    stop_seconds: float = 10.0
    first_delay: float = 0.5
    longest_delay: float = 15.0
    server: bool = False  # stops after the others
    before_start: Callable[[], None] = field(default=lambda: None)
    after_end: Callable[[], None] = field(default=lambda: None)
    open_log: Callable[[], int] | None = None  # lines go there instead of the console


class Child:
    """The present life of one spec."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.state = "stopped"
        self.restarts = 0
        self.started_at: float | None = None
        self.code: int | None = None
        self.reader: LineReader | None = None
        self.due = 0.0  # when to start again, or until when to wait for its end
        self.killed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._born = float("inf")  # not yet

    @property
    def pid(self) -> int | None:
        """Return the process number while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; its output goes to its log, or to a pipe that ``reader`` reads."""
        self.spec.before_start()
        log = self.spec.open_log() if self.spec.open_log else None
        try:
            self._process = spawn(
                self.spec.command,
                output=subprocess.PIPE if log is None else log,
                environment=self.spec.environment,
                death_signal=self.spec.death_signal,
                directory=self.spec.directory,
                account=self.spec.account,
                pass_fds=self.spec.pass_fds,
            )
        finally:
            if log is not None:
                os.close(log)
        if self._process.stdout:
            self.reader = LineReader(self._process.stdout)
        self.state, self.code = "running", None
        self.started_at, self._born = time.time(), time.monotonic()

    def ended(self) -> bool:
        """Tell, once, that the process is gone; ``code`` then says how."""
        if self._process is None or self._process.poll() is None:
            return False
        self.code = self._process.returncode
        self._process = None
        self.spec.after_end()
        return True

    def schedule(self) -> float:
        """Plan the restart and return its delay: doubled each time, reset by a healthy minute."""
        if time.monotonic() - self._born >= HEALTHY_SECONDS:
            self._failures = 0
        delay = min(self.spec.first_delay * 2**self._failures, self.spec.longest_delay)
        self._failures = min(self._failures + 1, 16)
        self.restarts += 1
        self.state, self.due = "restarting", time.monotonic() + delay
        return delay

    def ask_to_stop(self) -> None:
        """Send the polite signal and remember until when to wait."""
        self.due = time.monotonic() + self.spec.stop_seconds
        self.state = "stopping" if self._process else "stopped"
        if self._process:
            self._process.send_signal(self.spec.stop_signal)

    def kill(self) -> None:
        """End the process and its group by force."""
        self.killed = True
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    """Return "code 3" or "signal SIGKILL"."""
    if code >= 0:
        return f"code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
