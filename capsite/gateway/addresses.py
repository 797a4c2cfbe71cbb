"""The address a request came from, believing no header but those of proxies the site knows."""

from ipaddress import IPv6Address, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"
# Whoever has one IPv6 address has a whole network of them.
IPV6_NETWORK_BITS = 64


def address_of(request: HttpRequest) -> str:
    """Return the address a Django or DRF request came from."""
    return _client(
        request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
    )


def address_of_scope(scope: dict[str, Any]) -> str:
    """Return the address an ASGI connection came from."""
    peer = (scope.get("client") or ("", 0))[0]
    lines = [
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    ]
    return _client(peer or "", ",".join(lines))


def address_group(address: str) -> str:
    """Return what is limited together: an IPv4 address, or the network of an IPv6 one."""
    if address == UNKNOWN:
        return address
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    kept = int(parsed) >> (128 - IPV6_NETWORK_BITS) << (128 - IPV6_NETWORK_BITS)
    return f"{IPv6Address(kept)}/{IPV6_NETWORK_BITS}"


def _client(peer: str, forwarded: str) -> str:
    """Go back from the peer by as many hops as there are known proxies, each naming its own peer.

    What stands further left in X-Forwarded-For was written by whoever asked.
    """
    hops = [*(part.strip() for part in forwarded.split(",") if part.strip()), peer]
    back = min(settings.CAPSITE_TRUSTED_PROXIES + 1, len(hops))
    return _plain(hops[-back]) or _plain(peer) or UNKNOWN


def _plain(text: str) -> str:
    """Return an address without zone, or nothing for what is none."""
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return ""
