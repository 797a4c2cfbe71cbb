"""Breaks a site on purpose, in every way it should survive: `python -m tests.load.faults`.

People upload, vote and edit all the while. After each fault a line says how long it took until a
new photo had captions again, and whether all that was accepted is there, once. The exit code is 1
when anything was not.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.load.arena import Arena, plain_arena
from tests.load.faultlist import BRITTLE, DISK, PLAIN, Scenario, queue
from tests.load.faultsites import (
    NotHere,
    brittle_arena,
    far_arena,
    jumping_arena,
    jumps,
    network,
    small_disk_arena,
)
from tests.load.ledger import orphans

WARM_SECONDS = 4
AFTER_SECONDS = 2

Given = tuple[Arena, list[Scenario]]


def main() -> int:
    """Run what was asked for, print a line each, and return the exit code."""
    options = _options()
    wanted = set(options.only or NAMES)
    verdicts: list[bool] = []
    print(f"{os.cpu_count()} cores, {platform.machine()}, load averages {_loads()}\n")
    print("| scenario | what was broken | recovered | uploads accepted | load | verdict |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="capsite-model-") as folder:
        model = _model(Path(folder))
        for opened in (_plain, _brittle, _disk, _network, _clock):
            if wanted & KINDS[opened.__name__]:
                verdicts += _on_one_site(opened(model, options), wanted)
    good = bool(verdicts) and all(verdicts)
    print(
        f"\n{sum(verdicts)} of {len(verdicts)} survived. Verdict: {'passed' if good else 'FAILED'}"
    )
    return int(not good)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(NAMES), metavar="NAME",
                        help=f"one of {', '.join(NAMES)}; may be repeated")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=2000, help="queued jobs of `queue` (2000)")
    parser.add_argument("--kills", type=int, default=8, help="kills of the worker in it (8)")
    return parser.parse_args()


def _model(folder: Path) -> Path:
    from tests.workers.tiny import build_tiny_captioner

    return build_tiny_captioner(folder)


@contextmanager
def _plain(model: Path, options: argparse.Namespace) -> Iterator[Given]:
    with plain_arena(model) as arena:
        yield arena, [*PLAIN, queue(options.jobs, options.kills)]


@contextmanager
def _brittle(model: Path, options: argparse.Namespace) -> Iterator[Given]:
    with brittle_arena(model) as arena:
        yield arena, BRITTLE


@contextmanager
def _disk(model: Path, options: argparse.Namespace) -> Iterator[Given]:
    with small_disk_arena(model) as arena:
        yield arena, DISK


@contextmanager
def _network(model: Path, options: argparse.Namespace) -> Iterator[Given]:
    with far_arena(model) as (arena, proxies):
        yield arena, network(proxies)


@contextmanager
def _clock(model: Path, options: argparse.Namespace) -> Iterator[Given]:
    with jumping_arena(model) as (arena, clock):
        yield arena, jumps(clock)


KINDS = {
    "_plain": {*(scenario.name for scenario in PLAIN), "queue"},
    "_brittle": {scenario.name for scenario in BRITTLE},
    "_disk": {scenario.name for scenario in DISK},
    "_network": {"slow", "hole", "cut"},
    "_clock": {"clock-ahead", "clock-back"},
}
NAMES = [name for names in KINDS.values() for name in sorted(names)]


def _on_one_site(opened: contextmanager, wanted: set[str]) -> list[bool]:  # type: ignore[type-arg]
    verdicts = []
    try:
        with opened as (arena, scenarios):
            chosen = [scenario for scenario in scenarios if scenario.name in wanted]
            verdicts = [_verdict(arena, scenario) for scenario in chosen]
            print(f"  ({orphans(arena.site)} folders without a photo: the hourly sweep's)")
    except NotHere as reason:
        print(f"  (not done, as {reason})")
    except AssertionError as error:
        print(f"  (the site itself: {error})")
        verdicts.append(False)
    sys.stdout.flush()
    return verdicts


def _verdict(arena: Arena, scenario: Scenario) -> bool:
    before, failed = len(arena.traffic.accepted), arena.failed()
    seconds = float("nan")
    try:
        with arena.traffic:
            time.sleep(WARM_SECONDS)
            began = scenario.fault(arena)
            arena.recovered()
            seconds = time.monotonic() - began
            time.sleep(AFTER_SECONDS)
        arena.calm()
        arena.beats()
        wrong: dict[str, object] = dict(arena.wrong())
        if not scenario.may_fail and (more := arena.failed() - failed):
            wrong["jobs that failed"] = more
    except AssertionError as error:
        wrong = {str(error): 1}
    said = "; ".join(f"{number} {what}" for what, number in wrong.items())
    taken = len(arena.traffic.accepted) - before
    cells = [scenario.name, scenario.what, f"{seconds:.1f} s", str(taken), _loads()]
    print(f"| {' | '.join(cells)} | {'FAILED: ' + said if wrong else 'passed'} |", flush=True)
    return not wrong


def _loads() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
