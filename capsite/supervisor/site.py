"""The order in which one machine's capsite comes up: servers, schema, first run, processes."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from capsite.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    EmbeddedServer,
    EmbeddedValkey,
    database_url,
    redis_url,
)
from capsite.supervisor.child import Child, ChildSpec, how_it_ended
from capsite.supervisor.console import Console, wants_colour
from capsite.supervisor.figures import shared_figures
from capsite.supervisor.lock import AlreadyLocked, InstanceLock
from capsite.supervisor.loop import StopRequested, Supervisor
from capsite.supervisor.preflight import listening, lock_path, prepare_var, step_aside
from capsite.supervisor.probe import WebProbe
from capsite.supervisor.reach import await_database
from capsite.supervisor.refusal import Refusal
from capsite.supervisor.specs import beat, courier, first_run, migrate, server, web, worker
from capsite.supervisor.status import StatusFile

SERVER_SECONDS = 120  # a crash recovery on a slow disk takes its time
WEB_SECONDS = 120


@dataclass(frozen=True)
class Plan:
    """What to run; a URL that is set means a server of the person's own."""

    base: Path
    var: Path
    host: str
    port: int
    database_url: str = ""
    redis_url: str = ""
    webs: int = 1
    worker: bool = True
    beat: bool = True
    demo: bool = True


def run_site(plan: Plan) -> None:
    """Run capsite until it is asked to stop; Refusal says why it does not start."""
    console = Console(sys.stdout.buffer, colour=wants_colour(sys.stdout.buffer))
    ports = listening(plan.host, plan.port, plan.var, plan.webs)
    with ports as listeners, _only_one(plan.var):
        supervisor = Supervisor(console, StatusFile(plan.var / "run" / "status.json"))
        supervisor.catch_signals()
        try:
            _bring_up(plan, supervisor, console, listeners)
            supervisor.run()
        except StopRequested:
            pass
        except EmbeddedError as error:
            raise Refusal(str(error), code=1) from error
        finally:
            console.say("Stopping.")
            supervisor.stop()
        console.say("Stopped.")


@contextmanager
def _only_one(var: Path) -> Iterator[None]:
    prepare_var(var)
    with ExitStack() as stack:
        try:
            stack.enter_context(InstanceLock(lock_path(var)))
        except AlreadyLocked as locked:
            raise Refusal(
                f"capsite already runs in {var} as process {locked.holder}. Stop that one first, "
                "or give this one a directory of its own with CAPSITE_VAR."
            ) from locked
        except OSError as error:
            raise Refusal(f"capsite cannot lock {lock_path(var)}: {error.strerror}.") from error
        yield


def _bring_up(
    plan: Plan, supervisor: Supervisor, console: Console, listeners: list[socket.socket]
) -> None:
    environment = child_environment(plan)
    _start_servers(plan, supervisor, console)
    if plan.database_url:
        await_database(plan.database_url, supervisor, console)
    _step(supervisor, migrate(plan.base, environment))
    if plan.worker:  # it loads its model while the first run loads the demo photos
        supervisor.add(worker(plan.base, environment))
        supervisor.add(courier(plan.base, environment))
    _step(supervisor, first_run(plan.base, environment, demo=plan.demo))
    shared = shared_figures(plan.var) if plan.webs > 1 else {}
    webs: list[Child] = []
    for number, listener in enumerate(listeners):
        spec = web(plan.base, {**environment, **shared}, listener, number)
        spec = replace(spec, after_end=partial(_leave_to_others, listener, webs))
        webs.append(supervisor.add(spec))
    if plan.beat:
        supervisor.add(beat(plan.base, environment, plan.var))
    host, port = _address_to_visit(listeners[0])
    if supervisor.wait_until(WebProbe(host, port).answers, WEB_SECONDS):
        shown = f"[{host}]" if ":" in host else host
        console.say(f"capsite is at http://{shown}:{port}/")
    else:
        console.say(f"The web process has not answered for {WEB_SECONDS} s; still trying.")


def _leave_to_others(listener: socket.socket, webs: list[Child]) -> None:
    """Send visitors to the web processes that live; where none does, they wait."""
    if any(child.pid for child in webs):
        step_aside(listener)


def _step(supervisor: Supervisor, spec: ChildSpec) -> None:
    code = supervisor.run_to_end(spec)
    if code:
        shown = " ".join(spec.command[1:])
        raise Refusal(f"`python {shown}` failed: {how_it_ended(code)}.", code=1)


def _start_servers(plan: Plan, supervisor: Supervisor, console: Console) -> None:
    servers: list[EmbeddedServer] = []
    if not plan.database_url:
        servers.append(EmbeddedPostgres(plan.var))
    if not plan.redis_url:
        servers.append(EmbeddedValkey(plan.var))
    for embedded in servers:
        embedded.prepare(console.say)
        supervisor.add(server(embedded))
    for embedded in servers:
        if not supervisor.wait_until(embedded.ready, SERVER_SECONDS):
            raise Refusal(
                f"{embedded.name} does not answer after {SERVER_SECONDS} s. {embedded.log} ends:\n"
                f"{embedded.last_words()}",
                code=1,
            )


def child_environment(plan: Plan) -> dict[str, str]:
    """Return the environment of the children: every address spelled out."""
    return {
        **os.environ,
        "CAPSITE_VAR": str(plan.var),
        "DATABASE_URL": plan.database_url or database_url(plan.var),
        "REDIS_URL": plan.redis_url or redis_url(plan.var),
        "PYTHONUNBUFFERED": "1",
    }


def _address_to_visit(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    # Nothing is bound here: this is what a person's browser opens.
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # nosec B104
