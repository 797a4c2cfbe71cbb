"""Asks for the addresses of a name, and stops waiting in time."""

import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from ipaddress import ip_address

from capsite.common.outbound.addresses import Address, address_from

# getaddrinfo has no time limit: who waits for it does, and so many may hang at once.
_THREADS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolve")


def resolve(host: str, seconds: float) -> list[Address]:
    """Return every address of ``host``, none twice; OSError when it has none, or none in time."""
    literal = address_from(host)
    if literal:
        return [literal]
    asked = _THREADS.submit(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    try:
        answers = asked.result(timeout=max(seconds, 0))
    except TooLate:
        asked.cancel()
        raise TimeoutError("the name was not resolved in time") from None
    except UnicodeError:
        raise OSError("the name cannot be resolved") from None
    # A link-local answer carries its zone, which ip_address reads and is_public refuses.
    return list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))
