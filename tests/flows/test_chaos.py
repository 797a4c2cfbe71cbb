"""Kills worker, Valkey and PostgreSQL while 200 photos are uploaded; none is lost or doubled."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder, upload

pytestmark = [pytest.mark.slow, pytest.mark.flow]

PHOTOS = 200
MOST_PHOTOS = 600  # uploads go on for as long as things die, but not for ever
KILLS = ["worker", "worker", "valkey", "worker", "postgres", "worker", "worker"]
SECONDS_BETWEEN_KILLS = 3
UPLOADERS = 4
UPLOAD_PAUSE = 1.2
PATIENCE = 90

SUMMARY = """
SELECT
    (SELECT count(*) FROM gallery_image),
    (SELECT count(DISTINCT image_id) FROM captions_caption),
    (SELECT count(*) FROM captions_caption),
    (SELECT count(*) FROM gallery_captionjob WHERE state = 'done'),
    (SELECT count(*) FROM gallery_captionjob),
    (SELECT max(attempts) FROM gallery_captionjob),
    (SELECT count(*) FROM gallery_captionjob WHERE attempts > 1)
"""

FILES = "SELECT id, variants FROM gallery_image"

HELD = """
SELECT count(*) FROM gallery_captionjob
WHERE state = 'captioning' AND worker LIKE '%-{pid}'
"""


@pytest.fixture
def fragile(tiny_model: Path):
    """A site of its own, with short leases so that the test need not wait for long ones."""
    with short_folder() as var:
        site = Site(var, tiny_model, CAPSITE_LEASE_SECONDS="5", CAPSITE_BATCH="4").start()
        yield site
        site.stop()


def test_nothing_is_lost_and_nothing_is_done_twice(fragile: Site):
    over = threading.Event()
    with ThreadPoolExecutor(1 + UPLOADERS) as pool:
        killer = pool.submit(_kill_in_turn, fragile, over)
        uploaders = [pool.submit(_upload_until, fragile, n, over) for n in range(UPLOADERS)]
        lost = killer.result()
        ids = [photo for uploader in uploaders for photo in uploader.result()]

    fragile.wait(lambda: _done(fragile) == len(ids), PATIENCE, "every job's end")
    images, captioned, captions, done, jobs, attempts, again = fragile.query(SUMMARY)[0]
    restarts = {name: fragile.status()[name]["restarts"] for name in sorted(set(KILLS))}
    extra = _folders_without_photo(fragile)
    print(
        f"\n{images} photos, {captioned} captioned, {captions} captions, {done} of {jobs} jobs "
        f"done, at most {attempts} attempts, {again} tried again; killed: {', '.join(KILLS)}; "
        f"jobs in flight at each worker's death: {lost}; restarts: {restarts}; "
        f"folders without a photo: {len(extra)}"
    )
    assert len(set(ids)) == len(ids) >= PHOTOS
    assert (images, captioned, captions) == (len(ids), len(ids), 3 * len(ids))
    assert (done, jobs) == (len(ids), len(ids))
    assert attempts >= 2
    assert all(restarts[name] >= KILLS.count(name) for name in restarts), restarts
    assert len(extra) <= len(KILLS)  # an upload that an outage cut off may leave its file


def _upload_until(site: Site, number: int, over: threading.Event) -> list[str]:
    """Upload one uploader's share of the photos, and more while things still die."""
    ids = []
    for seed in range(number, MOST_PHOTOS, UPLOADERS):
        if seed >= PHOTOS and over.is_set():
            break
        data = photo_bytes(5000 + seed, size=(640, 480))
        ids.append(upload(site.url, data, patience=60)["image"]["id"])
        time.sleep(UPLOAD_PAUSE)
    return ids


def _kill_in_turn(site: Site, over: threading.Event) -> list[int]:
    """Kill everything on the list; return how many jobs each dead worker had in flight."""
    lost: list[int] = []
    try:
        for name in KILLS:
            time.sleep(SECONDS_BETWEEN_KILLS)
            if name == "worker":
                site.wait(lambda: site.ready()["worker"] == "ready", 60, "a ready worker")
                site.wait(lambda: _kill_at_work(site, lost), 60, "a batch in flight")
            else:
                _kill_alive(site, name)
    finally:
        over.set()
    return lost


def _kill_alive(site: Site, name: str) -> None:
    site.wait(lambda: site.status()[name]["pid"], 60, f"{name} to be alive")
    site.kill(name)


def _kill_at_work(site: Site, lost: list[int]) -> bool:
    """Kill the worker while it holds jobs, and note how many: paused, it cannot finish them."""
    pid = site.status()["worker"]["pid"]
    deadline = time.monotonic() + 10
    while pid and time.monotonic() < deadline:
        if _held(site, pid) and (held := _held_when_paused(site, pid)):
            os.kill(pid, signal.SIGKILL)
            lost.append(held)
            return True
        time.sleep(0.01)
    return False


def _held_when_paused(site: Site, pid: int) -> int:
    """Pause the worker and count its jobs; it goes on when it has none left."""
    held = 0
    os.kill(pid, signal.SIGSTOP)
    try:
        held = _held(site, pid)
    finally:
        if not held:
            os.kill(pid, signal.SIGCONT)
    return held


def _held(site: Site, pid: int) -> int:
    """Return how many jobs are in flight in this very worker, not in a dead one before it."""
    return site.query(HELD.format(pid=pid))[0][0]


def _done(site: Site) -> int:
    return site.query("SELECT count(*) FROM gallery_captionjob WHERE state = 'done'")[0][0]


def _folders_without_photo(site: Site) -> set[str]:
    """Check that every photo has its files, and return the folders that no photo has."""
    photos = {str(key): variants for key, variants in site.query(FILES)}
    folders = {path.name: path for path in (site.var / "media" / "photos").glob("*/*")}
    for photo, variants in photos.items():
        assert variants
        for file in ("original.jpeg", *(f"{item['name']}.webp" for item in variants)):
            assert (folders[photo] / file).stat().st_size > 0
    return folders.keys() - photos.keys()
