"""The master of a real Sentinel dies while photos come in: no job is lost, screens hear again."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.deploy.servers import Watched, redis_processes
from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder, upload

pytestmark = [pytest.mark.slow, pytest.mark.flow]
MOST = 400
MOST_SOCKETS = 10

COUNTS = """
SELECT (SELECT count(*) FROM gallery_image),
       (SELECT count(*) FROM gallery_captionjob WHERE state = 'done'),
       (SELECT count(*) FROM gallery_captionjob),
       (SELECT count(*) FROM captions_caption)
"""


@pytest.fixture
def watched(tmp_path: Path):
    """A master, two replicas and three Sentinels."""
    with redis_processes(tmp_path) as processes:
        yield Watched(processes)


@pytest.fixture
def site(watched: Watched, tiny_model: Path):
    """A site that knows Redis only by its Sentinels."""
    with short_folder() as var:
        running = Site(var, tiny_model, REDIS_URL=watched.url).start()
        yield running
        assert running.stop() == 0


def test_a_failover_loses_no_job(site: Site, watched: Watched):
    assert _push(site, 8000)[1] == 1
    over = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        uploads = [pool.submit(_upload_until, site, n, over) for n in range(2)]
        time.sleep(3)
        elected = watched.fail_over()
        began = time.monotonic()
        site.wait(lambda: site.ready()["worker"] == "ready", 60, "the worker's pulse")
        seen = time.monotonic() - began
        time.sleep(3)
        over.set()
        ids = {photo for part in uploads for photo in part.result()}
    accepted = len(ids) + 1
    site.wait(lambda: site.query(COUNTS)[0][1] == accepted, 60, "every job's end")
    pushed, photos = _push(site, 8010)
    accepted += photos
    site.wait(lambda: site.query(COUNTS)[0][1] == accepted, 60, "the last jobs' end")
    images, done, jobs, captions = site.query(COUNTS)[0]
    print(
        f"\nanother master after {elected:.1f} s, the worker seen {seen:.1f} s later; {images} "
        f"photos, {done} of {jobs} jobs done, {captions} captions; then a screen "
        f"heard of new captions after {pushed:.1f} s, on its socket number {photos}"
    )
    assert images == done == jobs == accepted
    assert captions == 3 * images


def _upload_until(site: Site, number: int, over: threading.Event) -> list[str]:
    ids = []
    for seed in range(number, MOST, 2):
        if over.is_set():
            break
        data = photo_bytes(8100 + seed, size=(320, 240))
        ids.append(upload(site.url, data, patience=30)["image"]["id"])
        time.sleep(0.1)
    return ids


def _push(site: Site, seed: int) -> tuple[float, int]:
    """Upload photos until a screen heard of one's captions; return seconds and photos it took.

    A screen that is cut off opens its socket again, as the page does.
    """
    began = time.monotonic()
    for tried in range(1, MOST_SOCKETS + 1):
        try:
            _heard(site, seed + tried)
            return time.monotonic() - began, tried
        except ConnectionClosed:
            continue
    raise AssertionError("No socket stayed open.")


def _heard(site: Site, seed: int) -> None:
    address = site.url.replace("http", "ws") + "/ws/gallery/"
    with connect(address, origin=site.url) as socket:
        photo = upload(site.url, photo_bytes(seed), patience=30)["image"]["id"]
        while True:
            message = json.loads(socket.recv(30))
            if message.get("image") == photo and message["state"] == "done":
                return
