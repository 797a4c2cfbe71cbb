"""Keeps a web process small: its many short threads share two heaps of the C library.

Under ASGI each request has a thread of its own, and glibc gives threads up to eight heaps a core,
each of which keeps what its largest photo needed (docs/operations.md, *Faults, sockets, soak*).
"""

import ctypes

M_ARENA_MAX = -8  # of mallopt(3)


def share_arenas(count: int = 2) -> bool:
    """Let glibc make no more than ``count`` heaps; False where the C library is another."""
    try:
        return bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, count))
    except (AttributeError, OSError):
        return False
