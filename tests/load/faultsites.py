"""The kinds of site that faults need: plain, breakable, on a small disk, behind a bad network."""

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from capsite.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey
from capsite.embedded.addresses import POSTGRES_SOCKET, VALKEY_SOCKET
from tests.flows.site import short_folder
from tests.load.arena import Arena, arena, plain_arena
from tests.load.faultlist import Scenario
from tests.load.slowproxy import SlowProxy

DISK_MEGABYTES = 500
NETWORK_SECONDS = 10
DELAY_SECONDS = 0.05
AN_HOUR = 3600
JUMP_SOURCE = Path(__file__).with_name("jump.c")


class NotHere(Exception):
    """This machine lacks what the scenario needs."""


@contextmanager
def brittle_arena(model: Path) -> Iterator[Arena]:
    """A site whose worker can be made to crash and to starve."""
    with plain_arena(
        model,
        DJANGO_SETTINGS_MODULE="tests.load.brittle.settings",
        CAPSITE_JOB_ATTEMPTS="4",
    ) as given:
        yield given


@contextmanager
def small_disk_arena(model: Path) -> Iterator[Arena]:
    """A site all of whose files, the servers' too, lie on a small disk in memory."""
    if os.geteuid():
        raise NotHere("only root can mount a small disk")
    with tempfile.TemporaryDirectory(prefix="capsite-") as folder:
        options = f"size={DISK_MEGABYTES}m,mode=755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "capsite", folder], check=True)
        try:
            with arena(model, Path(folder) / "var") as given:
                yield given
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def far_arena(model: Path) -> Iterator[tuple[Arena, list[SlowProxy]]]:
    """A site that reaches PostgreSQL and Valkey through proxies alone."""
    with ExitStack() as stack:
        var = stack.enter_context(short_folder())
        var.mkdir()
        postgres, valkey = EmbeddedPostgres(var), EmbeddedValkey(var)
        for server in (postgres, valkey):
            stack.enter_context(_running(server))
        sockets = (postgres.sockets / POSTGRES_SOCKET, valkey.sockets / VALKEY_SOCKET)
        proxies = [stack.enter_context(SlowProxy(path)) for path in sockets]
        addresses = {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{proxies[0].port}/capsite",
            "REDIS_URL": f"redis://127.0.0.1:{proxies[1].port}/0",
        }
        yield stack.enter_context(arena(model, var, **addresses)), proxies


@contextmanager
def _running(server: EmbeddedServer) -> Iterator[None]:
    server.prepare(lambda line: None)
    server.start()
    try:
        server.wait_ready(60)
        yield
    finally:
        server.stop()


@contextmanager
def jumping_arena(model: Path) -> Iterator[tuple[Arena, Path]]:
    """A site, with its servers, whose wall clock is off by the seconds in a file."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NotHere("there is no C compiler for jump.c")
    with short_folder() as var:
        clock, library = var.parent / "clock", var.parent / "jump.so"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(JUMP_SOURCE)]
        subprocess.run([*command, "-ldl"], check=True)
        clock.write_bytes(bytes(8))
        for file in (clock, library):
            file.chmod(0o755)  # PostgreSQL has an account of its own
        with arena(model, var, LD_PRELOAD=str(library), JUMP_FILE=str(clock)) as given:
            yield given, clock


def network(proxies: list[SlowProxy]) -> list[Scenario]:
    """Return what a network can do to the site behind ``proxies``."""
    delay = f"{DELAY_SECONDS * 1000:.0f} ms a piece each way for {NETWORK_SECONDS} s"
    return [
        Scenario("slow", f"network: {delay}", partial(_for_a_while, proxies, "delay")),
        Scenario("hole", f"network: nothing passes for {NETWORK_SECONDS} s",
                 partial(_for_a_while, proxies, "hole")),
        Scenario("cut", f"network: every connection cut, none made for {NETWORK_SECONDS} s",
                 partial(_for_a_while, proxies, "closed")),
    ]  # fmt: skip


def _for_a_while(proxies: list[SlowProxy], switch: str, _arena: Arena) -> float:
    for proxy in proxies:
        setattr(proxy, switch, DELAY_SECONDS if switch == "delay" else True)
        if switch == "closed":
            proxy.cut()
    time.sleep(NETWORK_SECONDS)
    for proxy in proxies:
        setattr(proxy, switch, 0.0 if switch == "delay" else False)
    return time.monotonic()


def jumps(clock: Path) -> list[Scenario]:
    """Return the jumps of the clock that ``clock`` sets."""
    return [
        Scenario("clock-ahead", "the machine's clock, an hour on", partial(_set, clock, AN_HOUR)),
        Scenario("clock-back", "the machine's clock, an hour back", partial(_set, clock, 0)),
    ]


def _set(clock: Path, seconds: int, _arena: Arena) -> float:
    with clock.open("r+b") as file:  # in place: every process has it mapped
        file.write(struct.pack("q", seconds))
    return time.monotonic()
