"""Headers, conditional requests and compression, through every middleware."""

import gzip
import inspect
import json

import brotli
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.urls import include, path
from django.utils.deprecation import MiddlewareMixin
from rest_framework.response import Response
from rest_framework.views import APIView

LONG = {"results": ["a dog runs over a field"] * 100}


class Long(APIView):
    def get(self, request):
        return Response(LONG)

    def post(self, request):
        return Response(LONG, status=201)


class Upload(APIView):
    rate_scopes = {"POST": "upload"}

    def post(self, request):
        return Response({})


def secret(request):
    return JsonResponse(LONG | {"token": "once"}, headers={"Cache-Control": "no-store"})


def page(request):
    return HttpResponse("<p>" + "words " * 500)


def stream(request):
    return StreamingHttpResponse((b'{"a": 1}' * 100,), content_type="application/json")


urlpatterns = [
    path("api/long", Long.as_view()),
    path("api/upload", Upload.as_view()),
    path("api/secret", secret),
    path("api/page", page),
    path("api/stream", stream),
    path("page", page),
    path("", include("capsite.urls")),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
RATE_HEADERS = [
    "RateLimit",
    "RateLimit-Policy",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]


def get(address, **headers):
    return Client().get(address, headers=headers)


def test_every_answer_says_what_is_left(rates):
    rates("read", visitor="10 per minute | 100 per day")
    get("/api/long")
    answer = get("/api/long")
    assert answer["RateLimit-Policy"] == (
        '"read-visitor-60";q=10;w=60, "read-visitor-86400";q=100;w=86400'
    )
    assert answer["RateLimit"] == '"read-visitor-60";r=8;t=60'
    assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("10", "8")
    assert 0 < int(answer["RateLimit-Reset"]) <= 60
    assert "Retry-After" not in answer


def test_too_many_are_refused_with_a_problem(rates):
    rates("upload", visitor="1 per minute")
    assert Client().post("/api/upload").status_code == 200
    answer = Client().post("/api/upload")
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    assert (body["code"], body["status"]) == ("rate_limited", 429)
    assert int(answer["Retry-After"]) == body["retry_after"] > 0
    assert answer["RateLimit-Remaining"] == "0"
    assert Client().post("/api/long").status_code == 201  # another scope


def test_what_nobody_counted_is_counted_by_address(rates):
    rates("read", visitor="2 per minute")
    assert [get("/api/none").status_code for _ in range(3)] == [404, 404, 429]
    refused = get("/api/none")
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    assert refused.has_header("Retry-After")


def test_pages_are_not_limited(rates):
    rates("read", visitor="1 per minute")
    answers = [get("/page") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert not answers[0].has_header("RateLimit")


@pytest.mark.usefixtures("redis_away")
def test_without_redis_nothing_is_said_of_limits():
    answer = get("/api/long")
    assert answer.status_code == 200
    assert not any(answer.has_header(name) for name in RATE_HEADERS)


def test_an_unchanged_answer_is_not_sent_again():
    first = get("/api/long")
    assert first["ETag"].startswith('W/"')
    assert first["Cache-Control"] == "private, no-cache"
    again = get("/api/long", if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert {"Accept-Encoding", "Authorization", "Cookie"} <= vary(again)
    assert all(again.has_header(name) for name in RATE_HEADERS)
    assert get("/api/long", if_none_match='W/"other"').status_code == 200


def vary(answer):
    return {name.strip() for name in answer["Vary"].split(",")}


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpack"),
    [
        ("br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("gzip, deflate, br", "br", brotli.decompress),
        ("identity", "", bytes),
    ],
)
def test_json_is_packed_as_the_program_reads_it(accepted, encoding, unpack):
    answer = get("/api/long", accept_encoding=accepted)
    assert answer.get("Content-Encoding", "") == encoding
    assert json.loads(unpack(answer.content)) == LONG
    assert int(answer["Content-Length"]) == len(answer.content)
    assert "Accept-Encoding" in vary(answer)


def test_packed_or_not_the_etag_is_the_same():
    plain = get("/api/long")
    packed = get("/api/long", accept_encoding="br")
    assert packed["ETag"] == plain["ETag"]
    again = get("/api/long", accept_encoding="br", if_none_match=packed["ETag"])
    assert again.status_code == 304
    assert "Content-Encoding" not in again


def test_visitors_pages_are_packed_and_members_are_not():
    visitor, member = Client(), Client()
    member.cookies["sessionid"] = "x"
    packed, plain = (
        client.get("/page", headers={"accept-encoding": "br"}) for client in (visitor, member)
    )
    assert brotli.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in vary(packed)
    assert not plain.has_header("Content-Encoding")


@pytest.mark.parametrize("address", ["/api/secret", "/api/page", "/api/stream"])
def test_secrets_pages_and_streams_are_left_alone(address):
    answer = get(address, accept_encoding="br, gzip")
    assert not answer.has_header("Content-Encoding")
    if address in ("/api/secret", "/api/stream"):
        assert not answer.has_header("ETag")


def test_a_post_has_no_etag_and_is_packed():
    answer = Client().post("/api/long", headers={"accept-encoding": "br"})
    assert not answer.has_header("ETag")
    assert json.loads(brotli.decompress(answer.content)) == LONG


def _below(layer):
    """What a middleware, or one of Django's wrappers around it, calls next."""
    for way in ("__wrapped__", "func", "get_response"):
        if hasattr(layer, way):
            return getattr(layer, way)
    if not inspect.isfunction(layer):
        return None  # the view
    return inspect.getclosurevars(layer).nonlocals.get("get_response")


def test_the_middlewares_run_in_one_thread_with_the_view():
    """One asynchronous middleware above or below them would cost two thread changes in each."""
    modes = {}
    layer = ASGIHandler()._middleware_chain
    while layer is not None:
        if isinstance(layer, MiddlewareMixin):
            modes[type(layer).__name__] = layer.async_mode
        layer = _below(layer)
    assert {"SecurityMiddleware", "SessionMiddleware", "ApiCompressionMiddleware"} <= modes.keys()
    assert not any(modes.values())


def test_attempts_to_sign_in_are_limited_by_address(rates):
    rates("sign_in", visitor="1 per minute")
    Client().post("/account/login/", {"login": "a", "password": "b"})
    page = Client().post("/account/login/", {"login": "a", "password": "b"})
    assert page.status_code == 429
    assert "Too many requests" in page.content.decode()
    assert int(page["Retry-After"]) > 0
    program = Client().post("/api/auth/app/v1/auth/login", {}, content_type="application/json")
    assert (program.status_code, program["Content-Type"]) == (429, "application/problem+json")
    assert get("/account/login/").status_code != 429
