"""The whole site through a real PgBouncer in transaction mode: upload, captions, push."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.sync.client import connect

from capsite.embedded import EmbeddedPostgres
from tests.deploy.servers import pgbouncer, program
from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder, upload

pytestmark = [
    pytest.mark.slow,
    pytest.mark.flow,
    pytest.mark.skipif(not program("pgbouncer"), reason="NO PGBOUNCER HERE: apt install pgbouncer"),
]
PHOTOS = 24


@pytest.fixture(params=["0", "8"], ids=["no pool of its own", "a pool of its own"])
def site(request, tiny_model: Path, tmp_path):
    """A site that knows PostgreSQL only through PgBouncer; it migrates through it as well."""
    with short_folder() as var:
        postgres = EmbeddedPostgres(var)
        postgres.prepare(lambda line: None)
        postgres.start()
        try:
            postgres.wait_ready(60)
            with pgbouncer(postgres, _open(tmp_path)) as url:
                given = {"DATABASE_URL": url, "CAPSITE_DATABASE_POOL": request.param}
                running = Site(var, tiny_model, **given).start()
                yield running
                assert running.stop() == 0
        finally:
            postgres.stop()


def test_the_main_job_needs_nothing_that_a_session_keeps(site: Site):
    address = site.url.replace("http", "ws") + "/ws/gallery/"
    with connect(address, origin=site.url) as socket, ThreadPoolExecutor(6) as pool:
        photos = [photo_bytes(7000 + number) for number in range(PHOTOS)]
        answers = list(pool.map(lambda data: upload(site.url, data), photos))
        ids = {answer["image"]["id"] for answer in answers}
        assert {answer["status_code"] for answer in answers} == {202}
        told: set[str] = set()
        while told < ids:
            message = json.loads(socket.recv(60))
            if message.get("state") == "done":
                assert len(message["captions"]) == 3
                told.add(message["image"])
    rows = site.query("SELECT count(*), count(DISTINCT image_id) FROM captions_caption")
    assert rows == [(3 * PHOTOS, PHOTOS)]
    sessions = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    assert site.query(sessions)[0][0] <= 4
    bad = [line for line in site.lines if "ERROR" in line or "Traceback" in line]
    assert not bad, bad


def _open(folder: Path) -> Path:
    """Let PostgreSQL's own account read what PgBouncer needs, which runs as that too."""
    for one in (folder, folder.parent, folder.parent.parent):
        one.chmod(one.stat().st_mode | 0o055)
    return folder
