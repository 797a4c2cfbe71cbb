"""Schemathesis sends what the OpenAPI documents allow, and what they forbid, as three people.

Every answer must be one that the document describes: its status, its content type and its body.
Each request is undone, so that the next one finds the same rows.
"""

import json
import random
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
import werkzeug
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from annotations.services import annotation_edit
from capsite.accounts.services.tokens import token_create
from captions.services.votes import vote_cast
from captions.webhooks.services import endpoint_create, endpoint_ping
from gallery.models import AlbumItem, Batch, BatchItem
from tests.factories import (
    AlbumFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    moderator,
)

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]
PLAIN = {"Accept-Encoding": "identity"}  # what calls here unpacks nothing
EXAMPLES = 1  # of each operation, kind of data and person
BOUNDARIES = 3  # likewise, of those values that lie just inside and outside of what is allowed
SIGNED_IN = {"member", "moderator"}
REACHED = 0.6  # of the operations must have answered well at least once
MANY_EXAMPLES, MANY_BOUNDARIES = 10, 40


@pytest.fixture(autouse=True)
def _unlimited(settings, monkeypatch):
    settings.CAPSITE_RATE_FACTOR = 10_000
    # Loaded before the change: serializers read the limit once, and would document none for the
    # tests that follow.
    assert get_resolver().url_patterns
    # No worker runs, so that waiting for a job would only take time.
    monkeypatch.setattr("captions.api.shared.waiting.MOST_SECONDS", 0)


@pytest.fixture(autouse=True)
def _one_connection():
    """Keep the test's connection open across requests, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def member():
    return UserFactory(username="ada")


@pytest.fixture
def rows(member) -> dict[str, str]:
    """One row of everything that paths name, which the member owns."""
    image = ImageFactory(owner=member)
    job = JobFactory(image=image, failed=True)
    caption = CaptionFactory(image=image, job=job)
    vote_cast(person=member, caption_id=caption.pk, value=1)
    album = AlbumFactory(owner=member)
    AlbumItem.objects.create(album=album, image=image, position=0)
    batch = Batch.objects.create(owner=member)
    BatchItem.objects.create(batch=batch, position=0, name="a.jpg", image=image, job=job)
    BatchItem.objects.create(batch=batch, position=1, error_code="file_empty", error_message="No.")
    endpoint, _secret = endpoint_create(
        person=member, url="https://example.org/hook", events=["caption.ready"]
    )
    later = timezone.now() + timedelta(days=1)
    token, _raw = token_create(
        person=member, name="a program", scopes=["captions:read"], expires_at=later
    )
    annotation = annotation_edit(
        person=member, image_id=image.pk, language="en", text="A dog.", base_version=0
    )
    made = {
        "image_id": image,
        "job_id": job,
        "caption_id": caption,
        "album_id": album,
        "batch_id": batch,
        "case_id": CaseFactory(caption=CaptionFactory(image=image)),
        "endpoint_id": endpoint,
        "delivery_id": endpoint_ping(person=member, endpoint_id=endpoint.pk),
        "token_id": token,
        "annotation_id": annotation,
    }
    return {name: str(row.pk) for name, row in made.items()} | {"language": "en"}


@pytest.fixture
def people(member) -> dict[str, dict[str, Any]]:
    """What each person sends along: nothing, or a session with its CSRF token."""
    return {
        "visitor": {"headers": PLAIN},
        "member": _session(member),
        "moderator": _session(moderator()),
    }


def _session(person: Any) -> dict[str, Any]:
    client = Client()
    client.force_login(person)
    secret = "c" * 32  # any will do that stands in the cookie and in the header
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": secret}
    return {"headers": PLAIN | {"X-CSRFToken": secret}, "cookies": cookies}


def document_of(version: str) -> schemathesis.BaseSchema:
    """Return the document as it is served, without the sign-in, which is the test's to choose."""
    application = get_wsgi_application()
    raw = json.loads(werkzeug.Client(application).get(f"/api/{version}/openapi.json").data)
    raw["components"].pop("securitySchemes")
    for methods in raw["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    schema = schemathesis.openapi.from_dict(raw)
    schema.app = application
    return schema


def operations_of(version: str) -> Iterator[Any]:
    for found in document_of(version).get_all_operations():
        yield found.ok()


def boundaries(operation: Any, count: int) -> list[Any]:
    """Return some of the cases that lie at the limits of what is allowed, always the same ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = list(
            operation.schema.iter_coverage_cases(
                operation,
                generation_modes=list(GenerationMode),
                generation_config=GenerationConfig(),
            )
        )
    if len(cases) <= count:
        return cases
    return random.Random(operation.label).sample(cases, count)


def explore(
    version: str,
    people: dict[str, dict[str, Any]],
    rows: dict[str, str],
    *,
    examples: int,
    edges: int,
) -> list[str]:
    """Send every operation what it allows and what it forbids, to random rows and to ``rows``.

    Returns what was answered otherwise than documented.
    """
    found: list[str] = []
    met: dict[str, set[tuple[str, int]]] = {who: set() for who in people}

    def send(case: Any) -> None:
        for who, sent in people.items():
            with transaction.atomic():
                answer = case.call(**sent)
                transaction.set_rollback(True)
            met[who].add((case.operation.label, answer.status_code))
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as group:
                label = f"{who}: {case.operation.label}"
                found.extend(f"{label}: {why}" for why in group.exceptions)

    def send_both(case: Any) -> None:
        send(case)
        known = {name: rows[name] for name in case.path_parameters or {}}
        if known:
            case.path_parameters = known
            send(case)

    for operation in operations_of(version):
        for case in boundaries(operation, edges):
            send_both(case)
        for mode in GenerationMode:
            _examples(operation, mode, examples, send_both)
    # Each was who they should be, and got somewhere.
    assert {
        who for who, seen in met.items() if (f"GET /api/{version}/me", 200) in seen
    } == SIGNED_IN
    done = {label for seen in met.values() for label, status in seen if status < 300}
    assert len(done) >= REACHED * len(list(operations_of(version))), sorted(done)
    return list(dict.fromkeys(found))


def _examples(operation: Any, mode: GenerationMode, count: int, send: Any) -> None:
    if mode is GenerationMode.NEGATIVE and not any(True for _ in operation.iter_parameters()):
        return

    @seed(0)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        send(case)

    run()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_answers_are_as_documented(version, people, rows):
    assert explore(version, people, rows, examples=EXAMPLES, edges=BOUNDARIES) == []


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_answers_are_as_documented_at_length(version, people, rows):
    assert explore(version, people, rows, examples=MANY_EXAMPLES, edges=MANY_BOUNDARIES) == []
