"""A crowd on a site of its own: `python -m tests.load.crowd --users 100 --seconds 60`.

Prints what each kind of request took, then counts whether everything accepted is still there. The
exit code is 1 when fewer requests succeeded than --success asks, or anything was lost.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.flows.site import ROOT, Site, short_folder
from tests.load.ledger import accounts, orphans
from tests.load.members import tokens_of

DRAIN_SECONDS = 900


def main() -> int:
    """Run, print, and return the exit code."""
    options = _options()
    with short_folder() as var:
        site = Site(
            var,
            ROOT / "models" / "capsite-mini",
            demo=True,
            CAPSITE_RATE_FACTOR="1000",
            CAPSITE_WEB_PROCESSES=str(options.web),
            CAPSITE_THREADS="0",
        ).start()
        try:
            site.wait(lambda: not waiting(site), 180, "the demo photos")
            verdict = run(site, options)
        finally:
            site.stop()
    return verdict


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100, help="people at once (100)")
    parser.add_argument("--seconds", type=int, default=60, help="for how long (60)")
    parser.add_argument("--web", type=int, default=2, help="web processes (2)")
    parser.add_argument("--members", type=int, default=20, help="accounts they share (20)")
    parser.add_argument("--success", type=float, default=1.0, help="least share of good answers")
    return parser.parse_args()


def run(site: Site, options: argparse.Namespace) -> int:
    """Let the crowd in, print what came of it, and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        accepted, table = Path(folder) / "accepted", Path(folder) / "table"
        accepted.touch()
        _locust(site, options, accepted, table)
        began = time.monotonic()
        site.wait(lambda: not waiting(site), DRAIN_SECONDS, "the queue to empty")
        drained = time.monotonic() - began
        rows = list(csv.DictReader(table.with_name("table_stats.csv").open()))
        taken = set(accepted.read_text().split())
        print(table.with_name("table_failures.csv").read_text())
    share = _table(rows)
    found = accounts(site, taken)
    for name, number in found.items():
        print(f"| {name} | {number} |")
    wrong = share < options.success or any(found.values())
    memory = psutil.virtual_memory().total / 2**30
    print(
        f"\n{options.users} users for {options.seconds} s, {options.web} web processes, "
        f"{os.cpu_count()} cores, {memory:.0f} GB: {share:.3%} of requests succeeded, "
        f"{len(taken)} uploads accepted, queue empty {drained:.0f} s after, "
        f"{orphans(site)} folders without a photo. Verdict: {'FAILED' if wrong else 'passed'}"
    )
    return int(wrong)


def _locust(site: Site, options: argparse.Namespace, accepted: Path, table: Path) -> None:
    tokens = ",".join(tokens_of(site, options.members))
    environment = {"LOAD_TOKENS": tokens, "LOAD_ACCEPTED": str(accepted)}
    subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", "tests/load/scenarios.py", "--headless"),
            *("--host", site.url, "--users", str(options.users)),
            *("--spawn-rate", str(max(1, options.users // 10))),
            *("--run-time", f"{options.seconds}s", "--stop-timeout", "30"),
            *("--csv", str(table), "--only-summary", "--loglevel", "ERROR"),
        ],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )


def waiting(site: Site) -> int:
    """Return how many jobs wait or run."""
    sql = "SELECT count(*) FROM gallery_captionjob WHERE state IN ('queued', 'captioning')"
    return int(site.query(sql)[0][0])


def _table(rows: list[dict[str, str]]) -> float:
    """Print a line a kind of request and return the share that succeeded."""
    print("| request | number | failed | p50 ms | p95 ms |\n|---|---|---|---|---|")
    total = failed = 0
    for row in rows:
        if row["Name"] == "Aggregated":
            total, failed = int(row["Request Count"]), int(row["Failure Count"])
            print(f"\n{total / max(1.0, _seconds(row)):.1f} requests a second in all\n")
            continue
        cells = [row[key] for key in ("Name", "Request Count", "Failure Count", "50%", "95%")]
        print("| " + " | ".join(cells) + " |")
    return 1 - failed / max(1, total)


def _seconds(row: dict[str, str]) -> float:
    return int(row["Request Count"]) / max(1e-9, float(row["Requests/s"]))


if __name__ == "__main__":
    sys.exit(main())
