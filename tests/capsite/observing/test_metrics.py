"""/metrics says what a web process and the site are doing, to those who may know."""

import asyncio
import os
import subprocess
import sys
import uuid
from datetime import timedelta

import httpx
import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from capsite.asgi import application
from capsite.common.observing.registry import exposition
from capsite.common.workerstate import inference_note, worker_pulse
from capsite.supervisor.figures import forget_the_dead, port_environment, shared_figures
from captions.observing import collector
from gallery.models.job import State
from tests.capsite.observing.scraped import series, value
from tests.factories import JobFactory

REQUESTS = "capsite_http_requests_total"
SECONDS = "capsite_http_request_seconds_count"


def scraped():
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return series(answer.content.decode())


def browser(**options) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=application, **options)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


@pytest.mark.django_db(transaction=True)
async def test_requests_are_counted_by_route_without_ids():
    before = await database_sync_to_async(scraped)()
    photo = uuid.uuid4()
    async with browser() as client:
        for path in ("/health/live/", "/health/live/", f"/photos/{photo}/", "/nowhere/"):
            await client.get(path)
        await client.request("TRACE", "/health/live/")
    text = await database_sync_to_async(lambda: Client().get("/metrics").content.decode())()
    after = series(text)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more(REQUESTS, method="GET", route="health/live/", status="200") == 2
    assert more(REQUESTS, method="other", route="health/live/", status="200") == 1
    assert more(SECONDS, method="GET", route="health/live/") == 2
    route = "photos/<uuid:image_id>/"
    assert more(REQUESTS, method="GET", route=route, status="404") == 1
    assert more(REQUESTS, method="GET", route="none", status="404") == 1
    assert str(photo) not in text


async def test_each_answer_names_its_request():
    async with browser() as client:
        given = await client.get("/health/live/", headers={"X-Request-ID": "from-the-proxy-1"})
        made = [(await client.get("/health/live/")).headers["X-Request-ID"] for _ in range(2)]
        bad = await client.get("/health/live/", headers={"X-Request-ID": 'x" OR 1=1 -- nothing'})
    assert given.headers["X-Request-ID"] == "from-the-proxy-1"
    assert len(set(made)) == 2
    assert len(bad.headers["X-Request-ID"]) == 32


async def test_what_breaks_counts_as_an_error_and_who_hangs_up_does_not():
    from capsite.common.observing.asgi import observed

    async def broken(scope, receive, send):
        raise RuntimeError

    async def slow(scope, receive, send):
        await asyncio.sleep(60)

    async def silent(scope, receive, send):
        """Return as Django does when who asked hangs up."""

    def counted(status: str) -> float:
        found = series(exposition().decode())
        return value(found, REQUESTS, method="GET", route="none", status=status)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    errors, gone = counted("500"), counted("499")
    with pytest.raises(RuntimeError):
        await observed(broken)(scope, None, None)
    await observed(silent)(scope, None, None)
    waiting = asyncio.create_task(observed(slow)(scope, None, None))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (counted("500"), counted("499")) == (errors + 1, gone + 2)


@pytest.mark.django_db(transaction=True)
async def test_open_sockets_are_counted():
    def open_now() -> float:
        found = series(exposition().decode())
        return value(found, "capsite_sockets_open", socket="gallery")

    before = open_now()
    origin = [(b"origin", b"http://testserver")]
    screens = [WebsocketCommunicator(application, "/ws/gallery/", headers=origin) for _ in "ab"]
    for screen in screens:
        await screen.connect()
        await screen.receive_json_from()
    assert open_now() == before + 2
    for screen in screens:
        await screen.disconnect()
    assert open_now() == before
    stranger = WebsocketCommunicator(
        application, "/ws/gallery/", headers=[(b"origin", b"http://elsewhere.example")]
    )
    assert (await stranger.connect())[0] is False
    await stranger.wait()
    assert open_now() == before


@pytest.mark.django_db
def test_the_site_says_what_waits_and_who_works():
    found = scraped()
    assert value(found, "capsite_queue_oldest_seconds") == 0
    assert value(found, "capsite_worker_inference_fresh") == 0
    old, late = JobFactory(), JobFactory()
    type(old).objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(seconds=90))
    past = timezone.now() - timedelta(seconds=5)
    type(late).objects.filter(pk=late.pk).update(
        state=State.CAPTIONING, lease=uuid.uuid4(), lease_expires_at=past
    )
    worker_pulse("ready")
    inference_note(model="tiny 1", seconds=0.1, at="now")
    found = scraped()
    assert value(found, "capsite_queue_jobs", state="queued") == 1
    assert value(found, "capsite_queue_jobs", state="captioning") == 1
    assert 89 < value(found, "capsite_queue_oldest_seconds") < 120
    for name in ("leases_expired", "database_up", "worker_ready", "worker_inference_fresh"):
        assert value(found, f"capsite_{name}") == 1, name
    about = {"version": django_settings.VERSION, "revision": django_settings.CAPSITE_REVISION}
    assert value(found, "capsite_build_info", **about) == 1


@pytest.mark.django_db
def test_without_a_database_the_rest_still_answers(monkeypatch):
    def away():
        raise OperationalError("away")

    monkeypatch.setattr(collector, "queue_figures", away)
    found = scraped()
    assert ("capsite_database_up", ()) in found
    assert value(found, "capsite_database_up") == 0
    assert ("capsite_workers", ()) in found


@pytest.mark.django_db
def test_only_those_inside_or_with_the_token_see_it(client, settings):
    def status(token: str = "", **environment: str) -> int:
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get("/metrics", headers=sent, **environment).status_code

    assert status(REMOTE_ADDR="10.1.2.3") == status(REMOTE_ADDR="fd00::1") == 200
    assert status(REMOTE_ADDR="93.184.216.34") == status(REMOTE_ADDR="") == 404
    # A proxy's address is private too: whom it speaks for is not.
    assert status(REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="10.9.9.9") == 404
    settings.CAPSITE_METRICS_TOKEN = "a-token"
    assert status() == status("another") == status("a-tokén") == 404
    assert status("a-token", REMOTE_ADDR="93.184.216.34") == 200


def test_processes_of_one_socket_are_counted_once(tmp_path, settings):
    shared = shared_figures(tmp_path)
    code = (
        "from capsite.common.observing.web import REQUESTS, SOCKETS;"
        "REQUESTS.labels('GET', 'x/', '200').inc(3); SOCKETS.labels('gallery').inc(2)"
    )
    environment = os.environ | shared | {"DJANGO_SETTINGS_MODULE": "capsite.settings.test"}
    for _process in range(2):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    settings.CAPSITE_METRICS_SHARED = shared["PROMETHEUS_MULTIPROC_DIR"]
    counted = {"method": "GET", "route": "x/", "status": "200"}
    found = series(exposition().decode())
    assert value(found, REQUESTS, **counted) == 6
    assert value(found, "capsite_sockets_open", socket="gallery") == 4
    forget_the_dead(settings.CAPSITE_METRICS_SHARED)
    found = series(exposition().decode())
    assert value(found, REQUESTS, **counted) == 6
    assert value(found, "capsite_sockets_open", socket="gallery") == 0
    assert ("capsite_build_info" in {name for name, _labels in found}) is True


def test_each_process_of_one_machine_has_its_own_port(monkeypatch):
    assert port_environment(2) == {}
    monkeypatch.setenv("CAPSITE_METRICS_PORT", "9100")
    assert port_environment(2) == {"CAPSITE_METRICS_PORT": "9102"}


@pytest.mark.django_db
def test_ready_tells_of_the_last_inference_and_deep_wants_one(client):
    assert client.get("/health/ready/").status_code == 200
    assert client.get("/health/ready/?deep").status_code == 503
    inference_note(model="tiny 1", seconds=0.25, at="2026-11-21T12:00:00+00:00")
    told = client.get("/health/ready/?deep")
    assert (told.status_code, told.json()["status"]) == (200, "ok")
    assert told.json()["inference"] == {
        "model": "tiny 1",
        "seconds": 0.25,
        "at": "2026-11-21T12:00:00+00:00",
    }


@pytest.mark.django_db
def test_version_names_commit_and_captioners(client):
    from captions.registry import model_activate
    from tests.factories import ModelFactory

    model = ModelFactory(name="big", revision="abc", directory="/models/big")
    model_activate(model=model, language="en", by="operator")
    told = client.get("/version/").json()
    assert told["version"] == django_settings.VERSION
    assert told["revision"] == django_settings.CAPSITE_REVISION
    assert told["models"] == {"en": {"name": "big", "revision": "abc"}}
