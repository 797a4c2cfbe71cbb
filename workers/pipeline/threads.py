"""How many threads PyTorch may use in this process, and threads that work side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from threading import Barrier

import torch


def pin_threads(threads: int) -> None:
    """Give this process `threads` threads for one operation, and one for operations side by side.

    More threads than cores / processes slow each other down badly.
    """
    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:
        # PyTorch takes this once, before its first parallel work, and refuses it afterwards.
        with suppress(RuntimeError):
            torch.set_num_interop_threads(1)


def crew(size: int) -> ThreadPoolExecutor:
    """`size` threads, each with one thread for its operations; the same ones at every call."""
    return _crew(size, os.getpid())  # threads do not follow into a forked process


@lru_cache(maxsize=4)
def _crew(size: int, _process: int) -> ThreadPoolExecutor:
    started = Barrier(size + 1)

    def begin() -> None:
        torch.get_num_threads()  # a thread's first look takes the default, undoing what was set
        torch.set_num_threads(1)
        started.wait()

    threads = ThreadPoolExecutor(size, "decode", initializer=begin)
    caller = torch.get_num_threads()
    for _ in range(size):
        threads.submit(int)
    started.wait()
    # What a thread asks for is the default of threads to come as well; the caller's remains that.
    torch.set_num_threads(caller)
    return threads
