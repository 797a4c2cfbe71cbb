"""The embedded Valkey: append-only persistence, a Unix socket, no TCP port."""

import signal
import socket
from pathlib import Path

from capsite.embedded.account import Say, private_directory
from capsite.embedded.addresses import VALKEY_SOCKET, valkey_sockets
from capsite.embedded.server import EmbeddedServer
from capsite.embedded.wheels import valkey_program


class EmbeddedValkey(EmbeddedServer):
    """Broker, cache and channel layer of one machine; runs as whoever starts capsite."""

    name = "valkey"
    program = "valkey-server"
    stop_signal = signal.SIGTERM

    def __init__(self, var: Path) -> None:
        super().__init__(var)
        self.sockets = valkey_sockets(var)

    @property
    def command(self) -> list[str]:
        """Return the command; a queue must not be evicted, so a full memory refuses writes."""
        options = {
            "dir": str(self.data),
            "port": "0",
            "unixsocket": str(self.sockets / VALKEY_SOCKET),
            "unixsocketperm": "700",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(valkey_program()), *arguments]

    def prepare(self, say: Say = print) -> None:
        """Create the private directories."""
        valkey_program()
        for directory in (self.home, self.data, self.sockets):
            private_directory(directory, None)
        if self.sockets != self.home:
            say(f"The path of {self.var} does not serve for sockets: Valkey's is in {self.sockets}")

    def ready(self) -> bool:
        """Tell whether the server answers PING; while it loads its data it says LOADING."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.sockets / VALKEY_SOCKET))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False
