"""Measures the shipped site on this machine: `python -m tests.flows.measure` prints a table."""

import io
import json
import os
import statistics
import time
from pathlib import Path

import psutil
import requests
from PIL import Image
from websockets.sync.client import connect

from tests.flows.browser import WATCH_ARRIVALS, chromium
from tests.flows.site import ROOT, Site, short_folder

UPLOADS = 100
SCREEN_UPLOADS = 30
SIZE = (1280, 960)


def main() -> None:
    """Start a new site with the demo photos, upload to it, and print what was measured."""
    with short_folder() as var:
        began = time.monotonic()
        site = Site(var, ROOT / "models" / "capsite-mini", demo=True, CAPSITE_THREADS="0").start()
        figures = {"start to first caption, first run": _first_caption(site, began)}
        site.wait(lambda: _open_jobs(site) == 0, 120, "the demo photos")
        figures |= _upload_figures(site)
        figures |= _screen_figures(site)
        figures["worker memory, resident"] = f"{_worker_memory(site):.0f} MB"
        site.stop()
        began = time.monotonic()
        site.start()
        figures["second start to a ready worker"] = f"{time.monotonic() - began:.1f} s"
        site.stop()
    print(f"\n{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB memory")
    for name, figure in figures.items():
        print(f"| {name} | {figure} |")


def _first_caption(site: Site, began: float) -> str:
    site.wait(lambda: site.query("SELECT 1 FROM captions_caption LIMIT 1"), 120, "a caption")
    return f"{time.monotonic() - began:.1f} s"


def _open_jobs(site: Site) -> int:
    sql = "SELECT count(*) FROM gallery_captionjob WHERE state IN ('queued', 'captioning')"
    return int(site.query(sql)[0][0])


def _upload_figures(site: Site) -> dict[str, str]:
    """Upload one photo after another; each counts from its first byte to its captions."""
    address = site.url.replace("http", "ws") + "/ws/gallery/"
    answered, captioned = [], []
    with connect(address, origin=site.url) as socket:
        for data in photos(UPLOADS):
            began = time.monotonic()
            image_id = _send(site, data)
            answered.append(time.monotonic() - began)
            _await_captions(socket, image_id)
            captioned.append(time.monotonic() - began)
    return {
        f"upload answered ({UPLOADS} photos of 1280 x 960)": _spread(answered),
        "upload to caption": _spread(captioned),
    }


def _send(site: Site, data: bytes) -> str:
    files = {"image": ("photo.jpg", data)}
    answer = requests.post(f"{site.url}/api/v1/captions", files=files, timeout=30)
    return str(answer.json()["image"]["id"])


def _await_captions(socket, image_id: str) -> None:
    while True:
        message = json.loads(socket.recv(60))
        if message.get("image") == image_id and message["state"] in ("done", "failed"):
            assert message["captions"], message
            return


def _screen_figures(site: Site) -> dict[str, str]:
    """Measure from a caption's commit to a second browser's changed page."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(site.url)
        page.wait_for_selector("html[data-socket=open]", state="attached")
        page.evaluate(WATCH_ARRIVALS)
        for n, data in enumerate(photos(SCREEN_UPLOADS, first=UPLOADS)):
            _send(site, data)
            site.wait(lambda n=n: len(page.evaluate("window.arrivals")) > n, 30, "the screen")
        arrivals = [milliseconds / 1000 for milliseconds in page.evaluate("window.arrivals")]
    return {"commit to another screen": _spread(arrivals)}


def photos(count: int, *, first: int = 0) -> list[bytes]:
    """Return different photos cut out of the demo photos."""
    sources = sorted((ROOT / "gallery" / "demo").glob("*.jpg"))
    made = []
    for n in range(first, first + count):
        with Image.open(sources[n % len(sources)]) as source:
            shift = 2 * (n // len(sources)) + 2
            box = (shift, shift, source.width - shift, source.height - shift)
            made.append(_jpeg(source.resize(SIZE, box=box)))
    return made


def _jpeg(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    picture.convert("RGB").save(encoded, "JPEG", quality=90)
    return encoded.getvalue()


def _spread(seconds: list[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    return f"median {statistics.median(seconds) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"


def _worker_memory(site: Site) -> float:
    return psutil.Process(site.status()["worker"]["pid"]).memory_info().rss / 2**20


if __name__ == "__main__":
    os.chdir(Path(ROOT))
    main()
