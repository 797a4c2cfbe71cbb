"""What the embedded servers have in common: prepare, start, wait until ready, stop."""

import os
import signal
import subprocess
import time
from pathlib import Path

from capsite.embedded.account import Account, Say
from capsite.embedded.addresses import server_home
from capsite.embedded.errors import EmbeddedError
from capsite.embedded.processes import spawn

LOG_LIMIT = 10 * 1024 * 1024


class EmbeddedServer:
    """One server below a var directory; a supervisor runs ``command`` in the foreground."""

    name: str
    program: str
    stop_signal: signal.Signals

    def __init__(self, var: Path) -> None:
        self.var = Path(os.path.realpath(var))
        self.home = server_home(var, self.name)
        self.data = self.home / "data"
        self.log = self.var / "log" / f"{self.name}.log"
        self.account: Account | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        raise NotImplementedError

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment without what would reconfigure a PostgreSQL."""
        return {name: text for name, text in os.environ.items() if not name.startswith("PG")}

    def prepare(self, say: Say = print) -> None:
        """Create what the server needs before its first start."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Tell whether the server answers."""
        raise NotImplementedError

    def clear_leftovers(self) -> None:
        """End what an earlier start left running in the data directory."""
        from capsite.embedded.leftovers import (
            stop_leftovers,
        )  # loads psutil, which settings need not

        stop_leftovers(self.program, self.data, self.polite_signal)

    def polite_signal(self, pid: int) -> signal.Signals | None:
        """Return the signal that asks this leftover process to leave, if it listens to one."""
        return self.stop_signal

    def open_log(self) -> int:
        """Return a descriptor that appends to the log; a log that grew too long is set aside."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def last_words(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-3:])

    def start(self) -> int:
        """Start the server without a supervisor and return its process number."""
        self.clear_leftovers()
        log = self.open_log()
        try:
            self._process = spawn(
                self.command,
                output=log,
                environment=self.environment,
                death_signal=self.stop_signal,
                directory=self.data,
                account=self.account,
            )
        finally:
            os.close(log)
        return self._process.pid

    def wait_ready(self, timeout: float) -> None:
        """Return when the server answers, or raise after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not self.ready():
            died = self._process is not None and self._process.poll() is not None
            if died or time.monotonic() > deadline:
                reason = "stopped" if died else f"did not answer within {timeout:g} s"
                raise EmbeddedError(f"{self.name} {reason}. {self.log} ends:\n{self.last_words()}")
            time.sleep(0.05)

    def stop(self, timeout: float = 15) -> None:
        """Stop what ``start`` started; after ``timeout`` seconds by force."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
