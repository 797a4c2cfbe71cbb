"""Version 1 is frozen: what it promises changes only together with the committed document."""

import json

import pytest

from tests.contracts.openapi_v1 import COMMITTED, made_now, promised

pytestmark = pytest.mark.django_db

BEFORE = {  # the addresses that version 1 had from the first day on
    "/api/v1/captions": {"post"},
    "/api/v1/captions/{caption_id}/heatmap/": {"get"},
    "/api/v1/images/{image_id}/captions": {"get"},
    "/api/v1/models": {"get"},
}


def test_version_1_is_what_was_promised():
    committed = json.loads(COMMITTED.read_text())
    assert promised(made_now()) == promised(committed), (
        "Version 1 is frozen. Change version 2, or, where nobody who uses version 1 can notice, "
        "renew the document: python -m tests.contracts.openapi_v1"
    )


def test_the_first_addresses_are_still_there():
    paths = made_now()["paths"]
    for address, methods in BEFORE.items():
        assert methods <= set(paths[address])


def test_every_operation_is_described_and_named_once():
    names = []
    for path, item in made_now()["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            operation = item[method]
            names.append(operation["operationId"])
            assert operation["summary"], f"{method} {path} has no summary"
            assert operation["tags"], f"{method} {path} has no tag"
            assert any(status.startswith("2") for status in operation["responses"])
    assert len(names) == len(set(names))


def test_prose_may_change_and_names_may_not():
    one = {"description": "x", "properties": {"title": {"type": "string", "title": "T"}}}
    assert promised(one) == {"properties": {"title": {"type": "string"}}}
