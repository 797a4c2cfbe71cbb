"""Rate limit headers and weak ETags for what programs read, and compression."""

from collections.abc import Callable
from typing import Any, cast

from compression_middleware.middleware import CompressionMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.http import ConditionalGetMiddleware
from django.template.loader import render_to_string
from django.utils.cache import (
    patch_cache_control,
    patch_vary_headers,
    set_response_etag,
)
from django.utils.decorators import sync_only_middleware

from capsite.common.errors import PROBLEM_JSON, problem_body
from capsite.common.outage import wants_json
from capsite.gateway.headers import RATE_HEADERS, rate_headers
from capsite.gateway.ratelimit import SIGN_IN, RateLimited, rate_stranger

SMALL_BYTES = 500


def is_api(request: HttpRequest) -> bool:
    """Tell whether programs read what this address answers."""
    return request.path.startswith(settings.CAPSITE_API_PREFIXES)


@sync_only_middleware
def rate_limit_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Put the limits' state on every answer of an API, and on others that were counted.

    An API's answer that nobody counted (a token nobody knows, an address that leads nowhere) is
    counted here by address, so that guessing is limited too.

    It is synchronous, and the last of MIDDLEWARE, on purpose: the others then run in the view's
    thread, all in one go. Were the last one asynchronous, each of them would change threads twice.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            if request.method == "POST" and request.path.startswith(settings.CAPSITE_SIGN_IN_PATHS):
                rate_stranger(request, scope=SIGN_IN)
            response = get_response(request)
            if is_api(request) and not hasattr(request, "rate_state"):
                rate_stranger(request, scope="read")
        except RateLimited as refusal:
            response = _refused(request, refusal)
        return _marked(request, response)

    return middleware


def _marked(request: Any, response: HttpResponseBase) -> HttpResponseBase:
    state = getattr(request, "rate_state", None)
    if state is not None:
        for name, value in rate_headers(state).items():
            response[name] = value
    if response.status_code == 429 and hasattr(request, "rate_retry_after"):
        response["Retry-After"] = str(request.rate_retry_after)
    return response


class ApiConditionalGetMiddleware(ConditionalGetMiddleware):
    """Gives API answers a weak ETag, and answers 304 where If-None-Match has it already.

    Weak, because the same answer leaves compressed or not. Only a program's own cache may keep it,
    and asks again each time, because who asks decides what is in it.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Leave pages, streams and whatever must not be kept alone."""
        if not _may_be_kept(request, response):
            return response
        if not response.has_header("ETag"):
            set_response_etag(cast(HttpResponse, response))
            if response.has_header("ETag"):
                response["ETag"] = "W/" + response["ETag"].removeprefix("W/")
        patch_vary_headers(response, ("Authorization",))
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        answer = super().process_response(request, cast(HttpResponse, response))
        if answer is not response:
            patch_vary_headers(answer, ("Accept-Encoding",))
            for name in RATE_HEADERS:
                if response.has_header(name):
                    answer[name] = response[name]
        return answer


class ApiCompressionMiddleware(CompressionMiddleware):
    """Packs JSON of the APIs, and visitors' pages, with what the reader takes: zstd, Brotli, gzip.

    Pages of somebody who signed in are left alone, and so is what says ``Cache-Control:
    no-store``, as answers do that hand out a secret: the size of packed text tells who can add to
    it what else is in it (BREACH). A visitor's page has one secret, the CSRF token, which is
    masked anew in each answer.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Pack what is not a stream and holds no secret."""
        if response.streaming or _never_stored(response):
            return response
        if not _may_be_packed(request, response.get("Content-Type", "")):
            return response
        if len(cast(HttpResponse, response).content) < SMALL_BYTES:
            patch_vary_headers(response, ("Accept-Encoding",))
        return super().process_response(request, response)


def _may_be_packed(request: HttpRequest, kind: str) -> bool:
    if is_api(request):
        return "json" in kind
    return "text/html" in kind and settings.SESSION_COOKIE_NAME not in request.COOKIES


def _may_be_kept(request: HttpRequest, response: HttpResponseBase) -> bool:
    reading = request.method in ("GET", "HEAD") and response.status_code == 200
    return is_api(request) and reading and not response.streaming and not _never_stored(response)


def _never_stored(response: HttpResponseBase) -> bool:
    directives = response.get("Cache-Control", "").lower().split(",")
    return "no-store" in (one.strip() for one in directives)


def _refused(request: HttpRequest, refusal: RateLimited) -> HttpResponse:
    if is_api(request) or wants_json(request):
        body = problem_body(refusal)
        return JsonResponse(body, status=refusal.status, content_type=PROBLEM_JSON)
    page = render_to_string("429.html", {"message": refusal.message})
    return HttpResponse(page, status=refusal.status)
