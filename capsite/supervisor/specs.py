"""The processes of capsite as the supervisor runs them."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from capsite.embedded import EmbeddedServer
from capsite.supervisor.child import ChildSpec
from capsite.supervisor.figures import BEAT_AFTER, COURIER_AFTER, forget_the_dead, port_environment

Environment = Mapping[str, str]

CELERY = ("-m", "celery", "--quiet", "-A", "capsite")
COURIER = ("-m", "celery", "--quiet", "-A", "capsite.courier")
# Six lines at every start in a container; capsite's messages are JSON, never pickles.
NO_ROOT_WARNING = "ignore:You're running the worker with superuser privileges"


def migrate(base: Path, environment: Environment) -> ChildSpec:
    """Return the step that brings the schema up to date."""
    return _step(base, environment, "migrate", "--noinput", "--verbosity", "0")


def first_run(base: Path, environment: Environment, *, demo: bool) -> ChildSpec:
    """Return the step that prepares static files and gives a new site what it needs."""
    return _step(base, environment, "first_run", *([] if demo else ["--no-demo"]))


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


def web(
    base: Path, environment: Environment, listener: socket.socket, number: int = 0
) -> ChildSpec:
    """Return an ASGI server on the inherited socket; open WebSockets do not delay its stop.

    Several of them, by ``number``, have a socket each on the same port.
    """
    options = {
        "--fd": str(listener.fileno()),
        "--lifespan": "off",
        "--ws": "websockets-sansio",
        "--timeout-graceful-shutdown": "3",
        "--timeout-keep-alive": "75",  # longer than proxies keep theirs, or a request is lost
    }
    arguments = [part for pair in options.items() for part in pair]
    return ChildSpec(
        name=f"web{number + 1}" if number else "web",
        command=[
            *_python("-m", "uvicorn", "capsite.asgi:application"),
            *arguments,
            "--no-access-log",
            "--no-proxy-headers",
        ],
        environment=environment,
        directory=base,
        pass_fds=(listener.fileno(),),
        before_start=lambda: forget_the_dead(environment.get("PROMETHEUS_MULTIPROC_DIR", "")),
    )


def worker(base: Path, environment: Environment) -> ChildSpec:
    """Return the captioner's worker: one process, so one model in memory."""
    return ChildSpec(
        name="worker",
        command=[
            *_python("-W", NO_ROOT_WARNING, *CELERY, "worker"),
            *("--pool", "solo", "--queues", "interactive"),
            *("--hostname", "capsite@%h", "--without-gossip", "--without-mingle"),
            *("--loglevel", "INFO"),
        ],
        environment={"OMP_NUM_THREADS": str(_cores()), **environment},
        directory=base,
        stop_seconds=30,  # it finishes the batch it has
    )


def courier(base: Path, environment: Environment) -> ChildSpec:
    """Return the worker that sends webhooks: threads that wait for receivers, and no model."""
    return ChildSpec(
        name="courier",
        command=[
            *_python("-W", NO_ROOT_WARNING, *COURIER, "worker"),
            *("--pool", "threads", "--concurrency", "8", "--queues", "deliveries"),
            *("--hostname", "courier@%h", "--without-gossip", "--without-mingle"),
            *("--loglevel", "INFO"),
        ],
        environment={**environment, **port_environment(COURIER_AFTER)},
        directory=base,
        stop_seconds=15,  # it finishes the deliveries at hand
    )


def beat(base: Path, environment: Environment, var: Path) -> ChildSpec:
    """Return the clock; its pid file is off because a stale one would keep it from starting."""
    return ChildSpec(
        name="beat",
        command=[
            *_python(*CELERY, "beat", "--pidfile="),
            *("--schedule", str(var / "run" / "celerybeat-schedule"), "--loglevel", "INFO"),
        ],
        environment={**environment, **port_environment(BEAT_AFTER)},
        directory=base,
    )


def _step(base: Path, environment: Environment, *arguments: str) -> ChildSpec:
    return ChildSpec("setup", _python("manage.py", *arguments), environment, directory=base)


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
