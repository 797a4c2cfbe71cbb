"""What a Redis URL names: a server, servers watched by Sentinel, or a cluster; knows no Django."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

SERVER, SENTINEL, CLUSTER = "server", "sentinel", "cluster"
# What each scheme names, and whether it is spoken over TLS.
SCHEMES = {
    "redis": (SERVER, False),
    "rediss": (SERVER, True),
    "unix": (SERVER, False),
    "sentinel": (SENTINEL, False),
    "rediss+sentinel": (SENTINEL, True),
    "cluster": (CLUSTER, False),
    "rediss+cluster": (CLUSTER, True),
}
PORTS = {SENTINEL: 26379, CLUSTER: 6379}


@dataclass(frozen=True)
class RedisAddress:
    """A parsed URL; a plain server keeps it whole, because redis-py reads that itself."""

    kind: str
    url: str
    tls: bool = False
    hosts: tuple[tuple[str, int], ...] = ()
    master: str = ""
    database: int = 0
    login: dict[str, str] = field(default_factory=dict)  # of the servers that hold the data
    sentinel_login: dict[str, str] = field(default_factory=dict)

    @property
    def is_sentinel(self) -> bool:
        """Tell whether the hosts are Sentinels, who know which server is the master."""
        return self.kind == SENTINEL

    @property
    def is_cluster(self) -> bool:
        """Tell whether the hosts are members of a cluster."""
        return self.kind == CLUSTER

    @property
    def data_options(self) -> dict[str, Any]:
        """Return what redis-py is told to reach the servers that hold the data."""
        return {**self.login, **({"ssl": True} if self.tls else {})}

    @property
    def sentinel_options(self) -> dict[str, Any]:
        """Return what redis-py is told to ask a Sentinel, which never takes long to answer."""
        patience = {"socket_connect_timeout": 1, "socket_timeout": 1}
        return {**patience, **self.sentinel_login, **({"ssl": True} if self.tls else {})}


def redis_address(url: str) -> RedisAddress:
    """Read a URL; ValueError says in one phrase what is wrong with it.

    ``sentinel://[user:password@]host:port,host:port/master[/database]``, where the user and the
    password are those of the data servers and ``?sentinel_username=`` and ``?sentinel_password=``
    those of the Sentinels; ``cluster://[user:password@]host:port,host:port``.
    """
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise ValueError(f"must start with one of: {', '.join(f'{one}://' for one in SCHEMES)}")
    kind, tls = SCHEMES[scheme]
    if kind == SERVER:
        return RedisAddress(kind, url, tls)
    parts = urlsplit(url)
    who, _at, places = parts.netloc.rpartition("@")
    hosts = tuple(_host(place, PORTS[kind]) for place in places.split(",") if place)
    if not hosts:
        raise ValueError("must name at least one host")
    user, _colon, password = who.partition(":")
    master, database = _path(parts.path) if kind == SENTINEL else _no_path(parts.path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    login = _login(unquote(user), unquote(password))
    return RedisAddress(kind, url, tls, hosts, master, database, login, _sentinel_login(query))


def broker_urls(address: RedisAddress) -> str:
    """Return a Sentinel address in Kombu's spelling: every Sentinel with the data's login."""
    user, password = (quote(address.login.get(key, ""), "") for key in ("username", "password"))
    login = f"{user}:{password}@" if address.login else ""
    return ";".join(
        f"sentinel://{login}{_shown(host)}:{port}/{address.database}"
        for host, port in address.hosts
    )


def _host(place: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{place}")
    if not parts.hostname:
        raise ValueError("must name hosts as host:port,host:port")
    return parts.hostname, parts.port or port


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _path(path: str) -> tuple[str, int]:
    master, _slash, database = path.strip("/").partition("/")
    if not master or not (database or "0").isdigit():
        raise ValueError("must end in the master's name, as in sentinel://host:26379/mymaster/0")
    return unquote(master), int(database or 0)


def _no_path(path: str) -> tuple[str, int]:
    if path.strip("/") not in {"", "0"}:
        raise ValueError("must name no database but 0, the only one of a cluster")
    return "", 0


def _login(user: str, password: str) -> dict[str, str]:
    given = {"username": user, "password": password}
    return {name: value for name, value in given.items() if value}


def _sentinel_login(query: dict[str, str]) -> dict[str, str]:
    known = {"sentinel_username", "sentinel_password"}
    if unknown := query.keys() - known:
        raise ValueError(f"must not have {sorted(unknown)[0]!r} after the question mark")
    return {name.removeprefix("sentinel_"): value for name, value in query.items()}
