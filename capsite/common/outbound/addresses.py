"""Which IP addresses are the public internet's; pure, and strict where the lists disagree."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

GLOBAL_UNICAST = IPv6Network("2000::/3")  # everything else is reserved or local
NAT64 = IPv6Network("64:ff9b::/96")
# Not for hosts, though some tables call them global.
NEVER = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # the retired anycast of 6to4
        "240.0.0.0/4",  # reserved
        "168.63.129.16/32",  # what Azure tells its own machines
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)


def endpoint_of(address: Address) -> Address:
    """Return where packets end: the IPv4 address inside a mapped, 6to4 or NAT64 one, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Tell whether ``address`` is a host's on the public internet."""
    real = endpoint_of(address)
    if isinstance(real, IPv6Address) and real not in GLOBAL_UNICAST:
        return False
    if any(real in network for network in NEVER):
        return False
    return real.is_global and not real.is_multicast and not real.is_reserved


def address_from(text: str) -> Address | None:
    """Return the address that ``text`` spells in full, or None for anything else."""
    try:
        return ip_address(text)
    except ValueError:
        return None
