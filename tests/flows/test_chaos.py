"""Kills worker, Valkey and PostgreSQL while 200 photos are uploaded; none is lost or doubled."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder, upload

pytestmark = [pytest.mark.slow, pytest.mark.flow]

PHOTOS = 200
KILLS = ["worker", "worker", "valkey", "worker", "postgres", "worker", "worker"]
SECONDS_BETWEEN_KILLS = 4
PATIENCE = 180

SUMMARY = """
SELECT
    (SELECT count(*) FROM gallery_image),
    (SELECT count(DISTINCT image_id) FROM captions_caption),
    (SELECT count(*) FROM captions_caption),
    (SELECT count(*) FROM gallery_captionjob WHERE state = 'done'),
    (SELECT count(*) FROM gallery_captionjob),
    (SELECT max(attempts) FROM gallery_captionjob)
"""


@pytest.fixture
def fragile(tiny_model: Path):
    """A site of its own, with short leases so that the test need not wait for long ones."""
    with short_folder() as var:
        site = Site(var, tiny_model, CAPSITE_LEASE_SECONDS="5", CAPSITE_BATCH="4").start()
        yield site
        site.stop()


def test_nothing_is_lost_and_nothing_is_done_twice(fragile: Site):
    killer = threading.Thread(target=_kill_in_turn, args=(fragile,))
    killer.start()
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda seed: _upload_slowly(fragile, seed), range(PHOTOS)))
    killer.join()

    fragile.wait(lambda: _done(fragile) == PHOTOS, PATIENCE, "every job's end")
    images, captioned, captions, done, jobs, attempts = fragile.query(SUMMARY)[0]
    print(
        f"\n{images} photos, {captioned} captioned, {captions} captions, {done} of {jobs} jobs "
        f"done, at most {attempts} attempts; killed: {', '.join(KILLS)}"
    )
    assert len(set(ids)) == PHOTOS
    assert (images, captioned, captions) == (PHOTOS, PHOTOS, 3 * PHOTOS)
    assert (done, jobs) == (PHOTOS, PHOTOS)
    _check_files(fragile)


def _upload_slowly(site: Site, seed: int) -> str:
    time.sleep(0.4)  # so that uploads go on while things die
    data = photo_bytes(5000 + seed, size=(640, 480))
    return upload(site.url, data, patience=60)["image"]["id"]


def _kill_in_turn(site: Site) -> None:
    for name in KILLS:
        time.sleep(SECONDS_BETWEEN_KILLS)
        site.wait(lambda name=name: site.status()[name]["pid"], 60, f"{name} to be alive")
        site.kill(name)


def _done(site: Site) -> int:
    return site.query("SELECT count(*) FROM gallery_captionjob WHERE state = 'done'")[0][0]


def _check_files(site: Site) -> None:
    """Every photo has its files, and no folder is without a photo but those of lost answers."""
    rows = {str(row[0]) for row in site.query("SELECT id FROM gallery_image")}
    folders = {path.name for path in (site.var / "media" / "photos").glob("*/*")}
    assert rows <= folders
    for path in (site.var / "media" / "photos").glob("*/*"):
        if path.name in rows:
            assert (path / "original.jpeg").stat().st_size > 0
