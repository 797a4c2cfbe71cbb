"""The handler answers as Django's own does, and runs middleware and view in one thread."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpResponse
from django.urls import path

from capsite.common.onethread import OneThreadHandler

THREADS: list[int] = []


def view(_request):
    THREADS.append(threading.get_ident())
    return HttpResponse("here")


async def coroutine_view(_request):
    await asyncio.sleep(0)
    return HttpResponse("there")


def broken_view(_request):
    raise ValueError("not today")


urlpatterns = [
    path("plain/", view),
    path("coroutine/", coroutine_view),
    path("broken/", broken_view),
]


def plain_middleware(get_response):
    def middleware(request):
        THREADS.append(threading.get_ident())
        return get_response(request)

    return middleware


def loop_middleware(get_response):
    async def middleware(request):
        THREADS.append(threading.get_ident())
        response = await get_response(request)
        response["X-Loop"] = "yes"
        return response

    return middleware


loop_middleware.async_capable, loop_middleware.sync_capable = True, False


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [f"{__name__}.plain_middleware"]
    THREADS.clear()


def answer(address: str) -> tuple[int, dict[bytes, bytes], bytes]:
    async def ask() -> tuple[int, dict[bytes, bytes], bytes]:
        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": address,
            "headers": [(b"host", b"testserver")],
        }
        caller = ApplicationCommunicator(OneThreadHandler(), scope)
        await caller.send_input({"type": "http.request", "body": b"", "more_body": False})
        start, body = await caller.receive_output(5), await caller.receive_output(5)
        return start["status"], dict(start["headers"]), body["body"]

    return asyncio.run(ask())


def test_middleware_and_view_share_a_thread_that_is_not_the_loops():
    assert answer("/plain/")[::2] == (200, b"here")
    assert len(THREADS) == 2
    assert len(set(THREADS)) == 1
    assert THREADS[0] != threading.get_ident()


def test_outermost_middleware_for_the_loop_stays_on_it(settings):
    settings.MIDDLEWARE = [f"{__name__}.loop_middleware", *settings.MIDDLEWARE]
    status, headers, body = answer("/plain/")
    assert (status, body, headers[b"X-Loop"]) == (200, b"here", b"yes")
    loop, middleware, inner = THREADS
    assert loop == threading.get_ident() != middleware == inner


@pytest.mark.parametrize(
    ("address", "status"), [("/coroutine/", 200), ("/broken/", 500), ("/nowhere/", 404)]
)
def test_coroutines_errors_and_missing_pages_are_answered(address, status):
    assert answer(address)[0] == status
