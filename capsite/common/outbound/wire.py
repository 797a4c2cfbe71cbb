"""Connects to checked addresses only, within one deadline for everything.

A name is resolved once a connection, at the moment of connecting; its addresses are checked and
the connection goes to a checked address. Nothing resolves again, so a name that answers something
else a moment later (DNS rebinding) gains nothing. TLS still checks the certificate for the name.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import httpcore
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from capsite.common.errors import CapsiteError
from capsite.common.outbound import resolve as resolver
from capsite.common.outbound.addresses import Address, Network, endpoint_of, is_public
from capsite.common.outbound.urls import Target

CHECK_SECONDS = 3


class Deadline:
    """One moment by which a whole exchange must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, late: type[Exception] = httpcore.ReadTimeout) -> float:
        """Return the seconds left, or raise ``late`` when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise late("The time for this request is over.")
        return left


def addresses_of(host: str, port: int, seconds: float) -> list[Address]:
    """Return the addresses of ``host``, all of which may be connected to at ``port``."""
    found = resolver.resolve(host, seconds)
    extra = [ip_network(text) for text in settings.CAPSITE_OUTBOUND_ALLOW]
    if not all(_may_connect(address, port, extra) for address in found):
        raise CapsiteError(
            "url_not_allowed",
            _("This URL leads to an address or a port that this site does not connect to."),
            field="url",
        )
    return found


def _may_connect(address: Address, port: int, extra: Iterable[Network]) -> bool:
    """Any port of what the operator named, the usual ports of what is public."""
    if any(endpoint_of(address) in network for network in extra):
        return True
    usual = any(first <= port <= last for first, last in settings.CAPSITE_OUTBOUND_PORTS)
    return usual and is_public(address)


def url_check(target: Target) -> None:
    """Refuse early what would be refused later; a name that cannot be found now passes."""
    try:
        addresses_of(target.host, target.port, CHECK_SECONDS)
    except OSError:
        return


class GuardedBackend(httpcore.NetworkBackend):
    """Opens the connections of one exchange."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that answers."""
        trouble: OSError = OSError(gettext_noop("it has no address"))
        try:
            addresses = addresses_of(host, port, self._deadline.left(httpcore.ConnectTimeout))
        except OSError as error:
            raise httpcore.ConnectError(gettext_noop("its name cannot be resolved")) from error
        for tried, address in enumerate(addresses):
            try:  # one that swallows packets leaves time for the others
                left = self._deadline.left(httpcore.ConnectTimeout) / (len(addresses) - tried)
                connected = socket.create_connection((str(address), port), left)
            except OSError as error:
                trouble = error
                continue
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return DeadlineStream(connected, self._deadline)
        raise httpcore.ConnectError(gettext_noop("it cannot be connected to")) from trouble


class DeadlineStream(httpcore.NetworkStream):
    """A socket whose every step has only the time that the whole exchange has left."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived."""
        self._socket.settimeout(self._deadline.left(httpcore.ReadTimeout))
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(gettext_noop("it does not answer in time")) from error
        except OSError as error:
            raise httpcore.ReadError(gettext_noop("it broke the connection")) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send everything."""
        rest = memoryview(buffer)
        while rest:
            self._socket.settimeout(self._deadline.left(httpcore.WriteTimeout))
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout(gettext_noop("it does not listen")) from error
            except OSError as error:
                raise httpcore.WriteError(gettext_noop("it broke the connection")) from error

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on encrypted, with a certificate for ``server_hostname``."""
        try:
            self._socket.settimeout(self._deadline.left(httpcore.ConnectTimeout))
            wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException as error:
            self.close()
            if isinstance(error, ssl.SSLCertVerificationError):
                raise httpcore.ConnectError(gettext_noop("its certificate is not valid")) from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(
                    gettext_noop("it cannot be talked to with TLS")
                ) from error
            raise
        return DeadlineStream(wrapped, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Answer what httpcore asks of a connection."""
        return self._socket if info == "socket" else None
