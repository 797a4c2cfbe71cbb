"""Asks Lighthouse about the gallery and a photo page: `python -m tests.load.lighthouse URL`.

URL is a running site with photos. It needs Node (`npx`), which fetches Lighthouse on the first
run, and a Chromium; each page is looked at as a desktop and as a phone, and every audit that
cost points is named. LIGHTHOUSE is another command than `npx`, such as one installed before.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from tests.flows.browser import executable

COMMAND = os.environ.get("LIGHTHOUSE", "npx --yes lighthouse@12")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
ENOUGH = 95  # of 100; SEO is told, and asked of nobody
PRESETS = {"desktop": ["--preset=desktop"], "mobile": []}
METRICS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
TRIES = 3
SHIFT = "cumulative-layout-shift"


def main() -> None:
    """Look at both pages both ways so many times, print the medians; 1 where points are missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url", nargs="?", default="http://127.0.0.1:8000/")
    options.add_argument("--times", type=int, default=3)
    asked = options.parse_args()
    newest = requests.get(urljoin(asked.url, "/api/v2/images?limit=1"), timeout=30).json()
    pages = {"gallery": asked.url, "photo": newest["results"][0]["url"]}
    print(
        "| page | as | performance | accessibility | best practices | SEO | FCP | LCP | TBT | CLS |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    held = [
        shown(
            name, preset, [looked_at(urljoin(asked.url, url), preset) for _ in range(asked.times)]
        )
        for name, url in pages.items()
        for preset in PRESETS
    ]
    print("load averages at the end:", *(f"{each:.1f}" for each in os.getloadavg()))
    sys.exit(0 if all(held) else 1)


def looked_at(url: str, preset: str) -> dict[str, Any]:
    """Return Lighthouse's report of one page."""
    flags = "--headless=new --no-sandbox" if os.geteuid() == 0 else "--headless=new"
    found = {"CHROME_PATH": path} if (path := executable()) else {}
    with tempfile.TemporaryDirectory(prefix="capsite-lighthouse-") as folder:
        report = Path(folder) / "report.json"
        command = [
            *shlex.split(COMMAND),
            url,
            *PRESETS[preset],
            *("--quiet", "--output=json", f"--output-path={report}"),
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags={flags}",
        ]
        for _try in range(TRIES):  # a busy machine loses a trace now and then
            subprocess.run(command, check=False, env=os.environ | found, timeout=180)
            if report.exists() and "runtimeError" not in (told := json.loads(report.read_text())):
                return dict(told)
    raise SystemExit(f"Lighthouse had no report of {url} in {TRIES} tries.")


def shown(name: str, preset: str, reports: list[dict[str, Any]]) -> bool:
    """Print the medians of a page and what cost points, and tell whether it has enough."""
    scores = {
        each: statistics.median(report["categories"][each]["score"] * 100 for report in reports)
        for each in CATEGORIES
    }
    metrics = [f"{_metric(reports, each) / 1000:.1f} s" for each in METRICS[:2]]
    metrics += [f"{_metric(reports, METRICS[2]):.0f} ms", f"{_metric(reports, SHIFT):.3f}"]
    points = [f"{score:.0f}" for score in scores.values()]
    print("|", " | ".join([name, preset, *points, *metrics]), "|", flush=True)
    for audit in _costs(reports[0]):
        print(f"    {audit}", file=sys.stderr)
    return all(scores[each] >= ENOUGH for each in CATEGORIES[:3])


def _metric(reports: list[dict[str, Any]], name: str) -> float:
    return statistics.median(report["audits"][name]["numericValue"] for report in reports)


def _costs(report: dict[str, Any]) -> list[str]:
    """Return the audits below full marks, with what Lighthouse says of each."""
    found = []
    for category in CATEGORIES:
        for reference in report["categories"][category]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if audit["score"] is not None and audit["score"] < 0.9:
                text = audit.get("displayValue", "")
                found.append(f"{category}: {audit['id']} {audit['score']:.2f} {text}")
    return found


if __name__ == "__main__":
    main()
