"""A process with many threads keeps one or two heaps, not one a thread."""

import subprocess
import sys
from pathlib import Path

import pytest

MANY_THREADS = """
import ctypes, sys, threading
if len(sys.argv) > 1:
    from capsite.common.arenas import share_arenas
    assert share_arenas()
libc = ctypes.CDLL(None)
gate = threading.Barrier(9)
def hold():
    ctypes.pythonapi.PyMem_RawMalloc(100_000)
    gate.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
[one.start() for one in threads]
gate.wait()
libc.malloc_stats()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="NOT GLIBC: nothing to limit")
def test_threads_share_two_heaps():
    assert _heaps() > 2
    assert _heaps("shared") == 2


def _heaps(*arguments: str) -> int:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", MANY_THREADS, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stderr.count("Arena ")
