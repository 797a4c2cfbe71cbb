"""How many threads PyTorch may use in this process, and threads that work side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import lru_cache
from threading import Barrier
from typing import TypeVar

import torch

Result = TypeVar("Result")
# Weights up to which one thread does a step or a few photos best (measured).
LIGHT = 20_000_000


def pin_threads(threads: int) -> None:
    """Give this process `threads` threads for one operation, and one for operations side by side.

    More threads than cores / processes slow each other down badly.
    """
    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:
        # PyTorch takes this once, before its first parallel work, and refuses it afterwards.
        with suppress(RuntimeError):
            torch.set_num_interop_threads(1)


def side_by_side(parts: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each of `parts` returns, computed on as many threads as operations have here.

    Each part has one thread for its operations, and the caller's inference mode. All have ended
    when the first error is raised.
    """
    inference = torch.is_inference_mode_enabled()

    def run(part: Callable[[], Result]) -> Result:
        with torch.inference_mode(inference):
            return part()

    threads = crew(torch.get_num_threads())
    running = [threads.submit(run, part) for part in parts]
    wait(running)
    return [part.result() for part in running]


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
