"""One side's turn: the same requests from so many clients at once, and what each cost."""

import math
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import psutil
import requests

REST_SECONDS = 30
REST_SHARE = 0.15  # of a core: what a side with nothing to do takes at most

Ask = Callable[[requests.Session], object]


@dataclass(frozen=True)
class Turn:
    """Answers a second, milliseconds an answer, processor milliseconds an answer, failures."""

    rate: float
    p50: float
    p95: float
    cpu: float
    failed: float


def percentile(figures: Iterable[float], share: float) -> float:
    """Return the smallest figure that at least ``share`` of them do not exceed."""
    ranked = sorted(figures)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else math.nan


def middle(turns: Sequence[Turn]) -> Turn:
    """Return the median of every figure, but all failures."""
    medians = {
        field.name: statistics.median(getattr(turn, field.name) for turn in turns)
        for field in fields(Turn)
    }
    return Turn(**medians | {"failed": sum(turn.failed for turn in turns)})


def take_turn(work: Sequence[Ask], clients: int, processes: Callable[[], Sequence[int]]) -> Turn:
    """Do all of ``work``, each client one thing after another, and wait until the side rests.

    What the side does after it answered, such as storing, counts as processor time.
    """
    before = processor_seconds(processes())
    waiting, spent, wrong = iter(work), [], []
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
    cpu = (processor_seconds(processes()) - before) * 1000 / max(1, len(spent))
    for error in sorted(set(wrong))[:3]:
        print(f"failed: {error}", flush=True)
    rate = len(spent) / seconds
    return Turn(rate, percentile(spent, 0.5), percentile(spent, 0.95), cpu, len(wrong))


def _at_once(client: Callable[[], None], clients: int) -> float:
    """Run so many clients side by side and return the seconds until the last was done."""
    threads = [threading.Thread(target=client, daemon=True) for _each in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def rest(processes: Callable[[], Sequence[int]]) -> None:
    """Return once a side takes next to no processor time, so that it disturbs no other's turn."""
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline:
        before = processor_seconds(processes())
        time.sleep(1)
        if processor_seconds(processes()) - before < REST_SHARE:
            return


def family(pids: Iterable[int]) -> list[psutil.Process]:
    """Return these processes and all that descend from them."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            head = psutil.Process(pid)
            found |= {one.pid: one for one in [head, *head.children(recursive=True)]}
        except psutil.NoSuchProcess:
            continue
    return list(found.values())


def processor_seconds(pids: Iterable[int]) -> float:
    """Return what these processes and their descendants took of the processor so far."""
    total = 0.0
    for process in family(pids):
        try:
            total += sum(process.cpu_times()[:4])  # also of children that have ended
        except psutil.NoSuchProcess:
            continue
    return total


def megabytes(pids: Iterable[int]) -> float:
    """Return their memory; what several share counts once."""
    total = 0.0
    for process in family(pids):
        try:
            total += process.memory_full_info().pss / 2**20
        except psutil.Error:
            continue
    return total
