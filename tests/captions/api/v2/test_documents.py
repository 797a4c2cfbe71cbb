"""The OpenAPI documents and their pages, and the parts that every endpoint is built from."""

import json
import re

import pytest
from django.conf import settings as site
from django.contrib.staticfiles import finders
from rest_framework.test import APIRequestFactory

from capsite.common.errors import CapsiteError
from captions.api.shared.intake import base64_decode
from captions.api.shared.languages import language_wanted

VERSIONS = ["v1", "v2"]


@pytest.fixture(params=VERSIONS)
def document(request, client):
    answer = client.get(f"/api/{request.param}/openapi.json")
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


@pytest.mark.django_db
def test_a_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    assert {"bearer", "session"} <= document["components"]["securitySchemes"].keys()


@pytest.mark.django_db
def test_every_operation_says_what_it_does_and_how_it_refuses(document):
    names = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["operationId"] not in names, where
            names.add(operation["operationId"])
            statuses = operation["responses"].keys()
            assert {"400", "401", "403", "406", "429", "503"} <= statuses, where
            assert "{" not in path or "404" in statuses, where
            for status, answer in operation["responses"].items():
                if status >= "400":
                    [kind] = answer["content"]
                    assert kind == "application/problem+json", where
                    assert answer["content"][kind]["examples"], where


@pytest.mark.django_db
def test_every_address_is_in_the_document(client):
    from capsite.urls import rest_v1, rest_v2

    for version, roots in {"v1": rest_v1, "v2": rest_v2}.items():
        paths = json.loads(client.get(f"/api/{version}/openapi.json").content)["paths"]
        known = {re.sub(r"{\w+}", "*", path).rstrip("/") for path in paths}
        for root in roots:
            for pattern in root.url_patterns:
                route = str(pattern.pattern).removeprefix("^").removesuffix("/?$")
                address = f"/api/{version}/{re.sub(r'<[^>]+>', '*', route)}".rstrip("/")
                assert address in known


@pytest.mark.django_db
@pytest.mark.parametrize("version", VERSIONS)
def test_the_page_keeps_the_content_policy(client, version):
    answer = client.get(f"/api/{version}/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'data-document="/api/{version}/openapi.json"' in page
    assert "'unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
    sources = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert len(sources) == 4
    assert all(finders.find(source) for source in sources)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("tr", "tr"),
        ("TR-tr", "tr"),
        ("de,fr;q=0.5", None),
        ("en;q=0.4, tr;q=0.6", "tr"),
        ("tr;q=0", None),
        ("en;q=nan, tr;q=0.1", "tr"),
        ("en;q=7, tr;q=0.1", "tr"),
        ("en;level=1", None),
        ("*", None),
        (",;=,;", None),
    ],
)
def test_accept_language(header, language):
    request = APIRequestFactory().get("/", headers={"accept-language": header})
    assert language_wanted(request) == language


@pytest.mark.parametrize("text", ["aGk=", "aGk", " aG\nk= ", "data:image/png;base64,aGk="])
def test_base64_in_several_spellings(text):
    assert base64_decode(text) == b"hi"


@pytest.mark.parametrize("text", ["a", "a!bc", "data:image/png,aGk=", "data:;base64", "é", "=aaa"])
def test_what_is_no_base64(text):
    with pytest.raises(CapsiteError) as refusal:
        base64_decode(text)
    assert refusal.value.field == "image_base64"


def test_one_photo_fits_into_a_json_body():
    assert site.DATA_UPLOAD_MAX_MEMORY_SIZE > site.CAPSITE_UPLOAD_MAX_BYTES * 4 / 3
