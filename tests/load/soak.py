"""The same load for a long time: `python -m tests.load.soak --minutes 30`.

A crowd works on a site of its own while memory, open files and connections are read every 15 s.
The exit code is 1 when something was lost, or when the second half shows that something grows.
"""

import argparse
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.flows.site import ROOT, Site, short_folder
from tests.load.crowd import run, waiting
from tests.load.gauges import Sample, growth, look

EVERY_SECONDS = 15
# What the line through the second half may rise by: caches fill and allocators keep pages, but a
# leak of one object a request goes far beyond this within half an hour.
MOST_MEGABYTES, MOST_SHARE = 10.0, 0.05
MOST_HANDLES = 5.0  # connections and open files come and go with requests


def main() -> int:
    """Run the crowd beside the gauges, print both, and return the exit code."""
    options = _options()
    options.seconds, options.members, options.success = options.minutes * 60, 20, 1.0
    with short_folder() as var:
        site = Site(
            var,
            ROOT / "models" / "capsite-mini",
            demo=True,
            CAPSITE_RATE_FACTOR="1000",
            CAPSITE_WEB_PROCESSES=str(options.web),
        ).start()
        try:
            site.wait(lambda: not waiting(site), 180, "the demo photos")
            with sampled(site) as samples:
                lost = run(site, options)
        finally:
            site.stop()
    return lost | judge([sample for sample in samples if sample.at <= options.seconds])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30, help="for how long (30)")
    parser.add_argument("--users", type=int, default=20, help="people at once (20)")
    parser.add_argument("--web", type=int, default=1, help="web processes (1)")
    return parser.parse_args()


@contextmanager
def sampled(site: Site) -> Iterator[list[Sample]]:
    """Look at the site every EVERY_SECONDS while the body runs."""
    samples: list[Sample] = []
    over = threading.Event()
    began = time.monotonic()

    def sample() -> None:
        while not over.wait(EVERY_SECONDS):
            samples.append(look(site, time.monotonic() - began))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def judge(samples: list[Sample]) -> int:
    """Print how every figure went and return 1 when one grows in the second half."""
    half = samples[len(samples) // 2 :]
    first, middle, last = samples[0], half[0], samples[-1]
    shown_at = [samples[round(part * (len(samples) - 1) / 4)] for part in range(5)]
    hours = (last.at - middle.at) / 3600
    print("\n| figure | start | 1/4 | 1/2 | 3/4 | end | second half | an hour | verdict |")
    print("|---|---|---|---|---|---|---|---|---|")
    grows = False
    for name in first.figures:
        risen = growth(half, name)
        bad = risen > _bound(name, middle.figures[name])
        grows |= bad
        cells = [f"{sample.figures[name]:.0f}" for sample in shown_at]
        cells += [f"{risen:+.1f}", f"{risen / hours:+.1f}", "GROWS" if bad else "flat"]
        print(f"| {name} | {' | '.join(cells)} |")
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    print(
        f"\n{len(samples)} samples over {last.at / 60:.0f} minutes; allowed in the second half: "
        f"{MOST_MEGABYTES:.0f} MB or {MOST_SHARE:.0%}, whichever is more, and {MOST_HANDLES:.0f} "
        f"connections or files. {os.cpu_count()} cores, {platform.machine()}, {memory:.0f} GB, "
        f"load averages {loads}. Verdict: {'FAILED' if grows else 'passed'}"
    )
    return int(grows)


def _bound(name: str, middle: float) -> float:
    if name.endswith("MB"):
        return max(MOST_MEGABYTES, MOST_SHARE * middle)
    return MOST_HANDLES


if __name__ == "__main__":
    sys.exit(main())
