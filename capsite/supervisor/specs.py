"""The processes of capsite as the supervisor runs them."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from capsite.embedded import EmbeddedServer
from capsite.supervisor.child import ChildSpec

Environment = Mapping[str, str]


def first_steps(base: Path, environment: Environment, *, demo: bool) -> list[ChildSpec]:
    """Return what runs once before the processes: the schema, then the first run's gifts."""
    first_run = ["first_run"] if demo else ["first_run", "--no-demo"]
    return [
        ChildSpec("setup", [*_python("manage.py"), *arguments], environment, directory=base)
        for arguments in (["migrate", "--noinput", "--verbosity", "0"], first_run)
    ]


def server(embedded: EmbeddedServer) -> ChildSpec:
    """Return the spec of an embedded server: its lines go to its log, it stops last."""
    return ChildSpec(
        name=embedded.name,
        command=embedded.command,
        environment=embedded.environment,
        directory=embedded.data,
        account=embedded.account,
        stop_signal=embedded.stop_signal,
        death_signal=embedded.stop_signal,
        stop_seconds=20,
        longest_delay=4,
        server=True,
        before_start=embedded.clear_leftovers,
        open_log=embedded.open_log,
    )


def web(base: Path, environment: Environment, listener: socket.socket) -> ChildSpec:
    """Return the ASGI server on the inherited socket; open WebSockets do not delay its stop."""
    options = {
        "--fd": str(listener.fileno()),
        "--lifespan": "off",
        "--ws": "websockets-sansio",
        "--timeout-graceful-shutdown": "3",
    }
    arguments = [part for pair in options.items() for part in pair]
    return ChildSpec(
        name="web",
        command=[
            *_python("-m", "uvicorn", "capsite.asgi:application"),
            *arguments,
            "--no-access-log",
            "--no-proxy-headers",
        ],
        environment=environment,
        directory=base,
        pass_fds=(listener.fileno(),),
    )


def worker(base: Path, environment: Environment) -> ChildSpec:
    """Return the captioner's worker: one process, so one model in memory."""
    return ChildSpec(
        name="worker",
        command=[
            *_celery("worker", "--pool", "solo", "--queues", "interactive,bulk"),
            *("--hostname", "capsite@%h", "--without-gossip", "--without-mingle"),
            *("--loglevel", "INFO"),
        ],
        environment={"OMP_NUM_THREADS": str(_cores()), **environment},
        directory=base,
        stop_seconds=30,  # it finishes the batch it has
    )


def beat(base: Path, environment: Environment, var: Path) -> ChildSpec:
    """Return the clock; its pid file is off because a stale one would keep it from starting."""
    return ChildSpec(
        name="beat",
        command=[
            *_celery("beat", "--schedule", str(var / "run" / "celerybeat-schedule")),
            *("--pidfile=", "--loglevel", "INFO"),
        ],
        environment=environment,
        directory=base,
    )


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _celery(*arguments: str) -> list[str]:
    return _python("-m", "celery", "-A", "capsite", *arguments)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
