"""With CAPSITE_LOG=json one upload can be followed from its request to what screens are told."""

import io
import json
import logging
import os
import subprocess
import sys

import httpx
import pytest
from channels.db import database_sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from capsite.asgi import application
from capsite.common.observing.logs import MESSAGES, CountingHandler, JsonFormatter
from capsite.common.observing.trail import Visit, about_job, facts, step, visit
from capsite.settings.revision import revision_of
from gallery.models import CaptionJob
from tests.factories import JobFactory, UserFactory, photo_bytes
from tests.workers.test_flow import drain

STEPS = ["A job waits.", "A worker has the job.", "Told open screens.", "The job has its outcome."]


@pytest.fixture
def lines():
    """Everything that is logged, as the JSON that an operator's collector gets."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    names = ("capsite.trail", "capsite.access", "workers.flow")
    kept = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger(name).addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for name, level in kept.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).removeHandler(handler)


@pytest.mark.django_db(transaction=True)
async def test_one_upload_can_be_followed_to_the_screens(lines, tiny_captioner):
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        sent = {"image": ("a secret name.jpg", photo_bytes(3), "image/jpeg")}
        answer = await client.post(
            "/api/v2/captions", files=sent, headers={"X-Request-ID": "night-shift-0042"}
        )
        assert answer.status_code in (201, 202), answer.text
    await database_sync_to_async(drain)(tiny_captioner)
    job = await CaptionJob.objects.aget()
    ids = {"request": "night-shift-0042", "job": str(job.pk), "image": str(job.image_id)}
    found = lines()
    for words in STEPS:
        assert any(ids.items() <= line.items() for line in found if line["message"] == words), words
    [end] = [line for line in found if line["message"] == "The job has its outcome."]
    assert end["outcome"] == "done"
    access = next(line for line in found if line["logger"] == "capsite.access")
    assert access["route"] == "api/v2/captions"
    assert (access["status"], access["request"]) == (answer.status_code, ids["request"])
    assert "secret name" not in json.dumps(found)


@pytest.mark.django_db
def test_a_line_names_the_person_by_number_and_asks_no_database(django_assert_num_queries):
    user = UserFactory(username="ada")
    request = RequestFactory().get("/")
    request.user = SimpleLazyObject(lambda: get_user_model().objects.get(pk=user.pk))
    token = visit.set(Visit("r1", request))
    try:
        with django_assert_num_queries(0):
            assert facts() == {"request": "r1"}
        assert request.user.username == "ada"
        assert facts() == {"request": "r1", "user": user.pk}
        with about_job(JobFactory(request_id="r0")):
            assert facts()["request"] == "r1"  # this request, whoever asked first
    finally:
        visit.reset(token)
    assert facts() == {}


def test_no_password_of_a_server_is_logged(lines):
    step("cannot reach postgres://capsite:hunter2@db:5432/capsite")
    try:
        raise ValueError("redis://:hunter2@cache/0 refused")
    except ValueError:
        logging.getLogger("workers.flow").exception("no luck")
    told = json.dumps(lines())
    assert "hunter2" not in told
    assert "postgres://capsite:***@db" in told
    assert "ValueError: redis://:***@cache/0 refused" in told


def test_trouble_is_counted_by_level():
    def counted() -> float:
        return MESSAGES.labels(level="error")._value.get()

    before = counted()
    CountingHandler().handle(logging.makeLogRecord({"levelname": "ERROR", "levelno": 40}))
    assert counted() == before + 1


@pytest.mark.parametrize("kind", ["json", "text"])
def test_the_setting_chooses_the_form(kind):
    code = (
        "import django, logging; django.setup();"
        "logging.getLogger('uvicorn.error').info('up');"
        "logging.getLogger('capsite.trail').info('a step');"
        "logging.getLogger('capsite').warning('trouble')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "capsite.settings.test", "CAPSITE_LOG": kind},
        capture_output=True,
        text=True,
        check=True,
    )
    if kind == "json":
        told = [json.loads(line)["message"] for line in done.stderr.splitlines()]
        assert told == ["up", "a step", "trouble"]
    else:
        assert "WARNING capsite: trouble" in done.stderr
        assert "a step" not in done.stderr


def test_the_commit_is_read_without_git(tmp_path):
    assert revision_of(tmp_path) == ""
    here = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if here.returncode == 0:
        assert revision_of(django_settings.BASE_DIR) == here.stdout.strip()
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text("# pack-refs\nabc123 refs/heads/main\n")
    assert revision_of(tmp_path) == "abc123"
    (git / "HEAD").write_text("def456\n")
    assert revision_of(tmp_path) == "def456"
