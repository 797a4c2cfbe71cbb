"""One side's turn: the same requests from so many clients at once, and what each cost."""

import math
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil
import requests

REST_SECONDS = 30
REST_SHARE = 0.15  # of a core: what a side with nothing to do takes at most

MEDIANS = ("rate", "p50", "p95")

Ask = Callable[[requests.Session], object]
Processes = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class Turn:
    """Answers a second, milliseconds an answer, failures; processor milliseconds by process."""

    rate: float
    p50: float
    p95: float
    failed: int
    cpu: Mapping[str, float]


def percentile(figures: Iterable[float], share: float) -> float:
    """Return the smallest figure that at least ``share`` of them do not exceed."""
    ranked = sorted(figures)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else math.nan


def middle(turns: Sequence[Turn]) -> Turn:
    """Return the median of every figure, but all failures."""
    return Turn(
        *(statistics.median(getattr(turn, name) for turn in turns) for name in MEDIANS),
        failed=sum(turn.failed for turn in turns),
        cpu={
            name: statistics.median(turn.cpu.get(name, 0.0) for turn in turns)
            for name in turns[0].cpu
        },
    )


def take_turn(work: Sequence[Ask], clients: int, processes: Processes) -> Turn:
    """Do all of ``work``, each client one thing after another, and wait until the side rests.

    What the side does after it answered, such as storing, counts as processor time.
    """
    before = processor_seconds(processes())
    waiting, spent, wrong = iter(work), list[float](), list[str]()
    lock = threading.Lock()

    def client() -> None:
        with requests.Session() as session:
            while True:
                with lock:
                    ask = next(waiting, None)
                if ask is None:
                    return
                began = time.perf_counter()
                try:
                    ask(session)
                except Exception as error:
                    wrong.append(repr(error)[:200])
                else:
                    spent.append((time.perf_counter() - began) * 1000)

    seconds = _at_once(client, clients)
    rest(processes)
    for error in sorted(set(wrong))[:3]:
        print(f"failed: {error}", flush=True)
    after = processor_seconds(processes())
    each = 1000 / max(1, len(spent))
    cpu = {name: (after[name] - before.get(name, 0.0)) * each for name in after}
    speed = len(spent) / seconds
    return Turn(speed, percentile(spent, 0.5), percentile(spent, 0.95), len(wrong), cpu)


def _at_once(client: Callable[[], None], clients: int) -> float:
    """Run so many clients side by side and return the seconds until the last was done."""
    threads = [threading.Thread(target=client, daemon=True) for _each in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def rest(processes: Processes) -> None:
    """Return once a side takes next to no processor time, so that it disturbs no other's turn."""
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline:
        before = sum(processor_seconds(processes()).values())
        time.sleep(1)
        if sum(processor_seconds(processes()).values()) - before < REST_SHARE:
            return


def processor_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """Return what each process and its descendants took of the processor so far."""
    return {
        name: sum(_each(pid, lambda process: sum(process.cpu_times()[:4])))
        for name, pid in processes.items()
    }


def megabytes(processes: Mapping[str, int]) -> dict[str, float]:
    """Return the memory of each process and its descendants; what several share counts once."""
    return {
        name: sum(_each(pid, lambda process: process.memory_full_info().pss / 2**20))
        for name, pid in processes.items()
    }


def _each(pid: int, ask: Callable[[psutil.Process], float]) -> Iterator[float]:
    """Ask a process and all that descend from it, as far as they still run."""
    with suppress(psutil.Error):
        head = psutil.Process(pid)
        for process in [head, *head.children(recursive=True)]:
            with suppress(psutil.Error):
                yield ask(process)
